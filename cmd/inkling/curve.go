package main

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"github.com/guptarohit/asciigraph"

	"inkling/checkpoint"
	"inkling/internal/strictjson"
)

// point is what is read of a line of metrics.jsonl.
type point struct {
	Step    int      `json:"step"`
	Seconds float64  `json:"seconds"`
	Loss    float64  `json:"loss"`                    // nats, in training
	Valid   *float64 `json:"valid,omitempty"`         // nats, on the held-out text
	Average *float64 `json:"valid_average,omitempty"` // the same of the averaged weights

	Also map[string]float64 `json:"also,omitempty"` // what else was measured then, by name
}

// mostAlso is far beyond what any run of ours measures beside its loss.
const mostAlso = 64

// heldOut is the held-out loss of what was better, weights or averages; NaN if nothing was measured.
func (p point) heldOut() float64 {
	loss := math.NaN()
	for _, v := range []*float64{p.Valid, p.Average} {
		if v != nil && !(loss <= *v) {
			loss = *v
		}
	}
	return loss
}

// readCurve reads the metrics of a run; none if it has none yet. The last line may still be on its way.
// The folder may come from anywhere: a link that leads out of it, what is no regular file and what is
// too large to be metrics are refused.
func readCurve(dir string) ([]point, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	const metrics = "metrics.jsonl"
	info, err := root.Stat(metrics)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, badInput("%s: a link that leads out of the folder, or in a circle, is not followed", filepath.Join(dir, metrics))
	case !info.Mode().IsRegular():
		return nil, badInput("%s: not a regular file", filepath.Join(dir, metrics))
	case info.Size() > checkpoint.MaxFile:
		return nil, badInput("%s: %s, which is too much for metrics of ours: the most is %s", filepath.Join(dir, metrics), sizeOf(info.Size()), sizeOf(checkpoint.MaxFile))
	}
	file, err := root.Open(metrics)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var curve []point
	lines := bufio.NewScanner(io.LimitReader(file, checkpoint.MaxFile))
	for n := 1; lines.Scan(); n++ {
		if n > mostValidations {
			return nil, badInput("%s: more than %d lines, and none of ours has as many", file.Name(), mostValidations)
		}
		p, err := readPoint(bytes.TrimSpace(lines.Bytes()))
		if err != nil {
			if !lines.Scan() {
				break
			}
			return nil, badInput("%s, line %d: not one of our metrics: %w", file.Name(), n, err)
		}
		curve = append(curve, p)
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, badInput("%s, line %d: more than %d bytes, and none of ours has as many", file.Name(), len(curve)+1, bufio.MaxScanTokenSize)
	} else if err != nil {
		return nil, fmt.Errorf("%s: %w", file.Name(), err)
	}
	return curve, nil
}

// readPoint reads a line of metrics: an object, of which what is not plotted is passed over.
func readPoint(line []byte) (p point, err error) {
	s, err := strictjson.New("", line)
	if err != nil {
		return p, err
	}
	number := func(v *float64) error {
		raw, err := s.Skip(strictjson.Limits{Values: 1})
		if err != nil {
			return err
		}
		if *v, err = strconv.ParseFloat(string(raw), 64); err != nil {
			return s.Errorf("%s is not a number", strictjson.Quote(raw))
		}
		return nil
	}
	err = s.Members(func(key []byte) error {
		switch string(key) {
		case "step":
			n, err := s.Integer(math.MaxInt)
			p.Step = int(n)
			return err
		case "seconds":
			return number(&p.Seconds)
		case "loss":
			return number(&p.Loss)
		case "valid":
			p.Valid = new(float64)
			return number(p.Valid)
		case "valid_average":
			p.Average = new(float64)
			return number(p.Average)
		case "also":
			p.Also = map[string]float64{}
			n := 0
			return s.Members(func(name []byte) error {
				if n++; n > mostAlso {
					return s.Errorf("more than %d numbers", mostAlso)
				}
				var v float64
				err := number(&v)
				p.Also[string(name)] = v
				return err
			})
		}
		_, err := s.Skip(strictjson.Limits{Depth: 2, Values: 100})
		return err
	})
	return p, cmp.Or(err, s.End())
}

// plot draws the held-out loss over the steps, or that of training if nothing was held out; nothing
// if there are too few points.
func plot(curve []point) string {
	var held, learnt []float64
	for _, p := range curve {
		learnt = append(learnt, p.Loss)
		if v := p.heldOut(); !math.IsNaN(v) {
			held = append(held, v)
		}
	}
	losses, caption := held, "held-out loss in nats, over steps"
	if len(held) == 0 {
		losses, caption = learnt, "loss in training in nats, over steps"
	}
	if len(losses) < 3 {
		return ""
	}
	return "\n" + asciigraph.Plot(losses, asciigraph.Height(12), asciigraph.Width(60), asciigraph.Precision(2), asciigraph.Caption(caption),
		asciigraph.XAxisRange(float64(curve[0].Step), float64(curve[len(curve)-1].Step)), asciigraph.XAxisTickCount(4),
		asciigraph.XAxisValueFormatter(func(step float64) string { return thousands(int(step)) }),
	) + "\n"
}
