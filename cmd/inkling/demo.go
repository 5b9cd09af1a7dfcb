package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"inkling/decode"
	"inkling/train"
)

// demoCmd is inkling demo: train lm on a text that is here anyway, with the model heard from while it
// learns and a page of its own at the end.
type demoCmd struct {
	Budget time.Duration `help:"How long to train." default:"1m"`
	Out    string        `help:"Folder of the run; the first free one of runs/demo, runs/demo-2, … unless given." placeholder:"DIR"`
	Seed   uint64        `help:"Of the first weights, dropout and the order of the text." default:"1"`
}

const (
	demoLines = 15 // lines by the model while it learns, a second apart or more
	demoLine  = 72 // characters
	demoPage  = 1500
	demoTemp  = 0.7
)

func (d *demoCmd) Run(a *app) error {
	if d.Budget <= 0 {
		return usage("--budget %v: must be above 0, as in 30s or 2m", d.Budget)
	}
	file, what := demoText()
	a.note("A model of characters learns to write from %s.", what)
	t := trainCmd{
		File: file, Out: d.Out, trainFlags: trainFlags{
			Valid: "0.1", loopFlags: loopFlags{
				Budget: &d.Budget, Optimizer: train.Optimizers[0].Name, Schedule: train.Schedules[0].Name, Seed: d.Seed, Precision: "auto",
			},
		},
	}
	s, err := t.prepare(a)
	if err != nil {
		return err
	}
	if s.run, err = newRun(d.Out, "demo"); err != nil {
		return err
	}
	defer s.run.Close()
	s.each = d.listen(s)
	if !a.json {
		s.page = func() error { return d.page(a, s) }
	}
	return s.begin(a)
}

// listen makes the model write a line every few seconds.
func (d *demoCmd) listen(s *sitting) func(*progress, train.Progress) {
	last, every := time.Now(), max(d.Budget/demoLines, time.Second)
	return func(p *progress, now train.Progress) {
		if time.Since(last) < every || now.Fraction >= 1 {
			return
		}
		line, err := s.write(context.Background(), demoLine, uint64(now.Step), nil)
		if err != nil {
			return // the training itself will find out what is wrong
		}
		p.say("%5s  %s", span(seconds(now.Seconds)), strings.Join(strings.Fields(line), " "))
		last = time.Now()
	}
}

// page writes what the trained model has to say.
func (d *demoCmd) page(a *app, s *sitting) error {
	fmt.Fprintln(a.out, "A page by the model:")
	fmt.Fprintln(a.out)
	screen := onTerminal(a)
	_, err := s.write(a.ctx, demoPage, d.Seed, func(_ int, piece string) { io.WriteString(screen, piece) })
	fmt.Fprint(a.out, "\n\n")
	return err
}

// write makes a text with the model as it is.
func (s *sitting) write(ctx context.Context, length int, seed uint64, stream func(int, string)) (string, error) {
	texts, err := decode.Sample{Temperature: demoTemp}.Decode(ctx, s.model, decode.Request{
		Prefix: opening(s.text.vocab, nil), Length: length, Seed: seed, Piece: s.text.vocab.PieceAfter, Ends: ends(s.text.vocab), Stream: stream,
	})
	if err != nil {
		return "", err
	}
	return texts[0].Text, nil
}
