package main

import (
	"context"
	"fmt"
	"math"
	"slices"

	"inkling/vae/tables"
)

// tableScores are what the rows held out came to: what is unusual is said by them.
type tableScores struct {
	Samples   int             `json:"samples"` // of z for each row
	Rows      int             `json:"rows"`
	Quantiles []scoreQuantile `json:"quantiles"`
	Columns   []float64       `json:"columns"` // mean nats of each
	Latent    float64         `json:"latent"`  // mean nats of z
}

// scoreQuantile: so large a share of the rows held out cost no more than so many nats.
type scoreQuantile struct {
	Share float64 `json:"share"`
	Nats  float64 `json:"nats"`
}

// quantileShares are those that are kept, as far as there are rows enough to know them.
var quantileShares = []float64{0.5, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9999}

// defaultTableSamples is one draw of z, the same for all rows, so that it makes no difference between them: more come nearer to log p, and take longer.
const defaultTableSamples = 1

// mostScored is how many rows held out are scored for quantiles at most.
const mostScored = 200_000

// scoreHeld scores the rows held out.
func scoreHeld(m *tables.Model, e tables.Examples) (*tableScores, error) {
	of := e.Of[:min(len(e.Of), mostScored)]
	s := &tableScores{Samples: defaultTableSamples, Rows: len(of), Columns: make([]float64, len(m.Columns))}
	var nats []float64
	err := m.NewScorer(s.Samples).ScoreTable(context.Background(), e.Table, of, func(some *tables.Scored) error {
		for i, bound := range some.Bound {
			nats = append(nats, -float64(bound))
			for j, v := range some.Columns[i] {
				s.Columns[j] += float64(v) / float64(len(of))
			}
			s.Latent += float64(some.Latent[i]) / float64(len(of))
		}
		return nil
	})
	slices.Sort(nats)
	for _, share := range quantileShares {
		if at := int(math.Ceil(share*float64(len(nats)))) - 1; float64(len(nats))*(1-share) >= 1 || share == quantileShares[0] {
			s.Quantiles = append(s.Quantiles, scoreQuantile{share, nats[at]})
		}
	}
	for _, v := range append(slices.Clone(s.Columns), nats[len(nats)-1], s.Latent) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, badInput("a row held out has no likelihood: begin anew with a lower --lr")
		}
	}
	return s, err
}

// check refuses what is not ours.
func (s *tableScores) check(columns int) error {
	if len(s.Columns) != columns || len(s.Quantiles) == 0 || len(s.Quantiles) > len(quantileShares) || s.Samples < 1 || s.Samples > mostTableSamples {
		return fmt.Errorf("scores of %d columns, and there are %d", len(s.Columns), columns)
	}
	return nil
}

// usualShare is what --threshold is unless given: 0.99, or the most that so few rows held out can tell.
func (s *tableScores) usualShare() float64 {
	share := s.Quantiles[0].Share
	for _, q := range s.Quantiles {
		if q.Share <= 0.99 {
			share = max(share, q.Share)
		}
	}
	return share
}

// mostTableSamples bounds the samples of z for each row.
const mostTableSamples = 1000

// threshold is the nats above which a row is an anomaly: those that so large a share of the rows held out did not exceed.
func (s *tableScores) threshold(share float64) (float64, error) {
	var have []string
	for _, q := range s.Quantiles {
		if q.Share == share {
			return q.Nats, nil
		}
		have = append(have, fmt.Sprint(q.Share))
	}
	return 0, usage("--threshold %g: of %s held out are known the shares %s", share, plural(s.Rows, "row"), enumerated(have))
}
