package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"inkling/train"
)

// progress shows on standard error how training goes: a bar on a terminal; elsewhere a line at each
// validation, and every ten seconds between them.
type progress struct {
	unit string        // what Weight counts: chars, bytes
	more func() string // what else the line says, with two spaces before it; nil: nothing
	bars *mpb.Progress
	bar  *mpb.Bar

	mu    sync.Mutex // the bar is drawn by another goroutine
	at    train.Progress
	speed float64 // units/s, smoothed over a few seconds
	busy  bool    // the held-out text is being measured
	skip  bool    // the next step's time includes a validation

	spoke time.Time // when the last line was written

	// Lines have a mutex of their own: the bar is drawn, and asks for line, while one is written.
	lines sync.Mutex
	out   io.Writer // of lines: above the bar, while there is one
	plain io.Writer // below it
}

const (
	quiet   = 10 * time.Second // between lines in a pipe
	smooth  = 5.0              // seconds
	barFull = 10_000           // what the bar counts to
)

func newProgress(w io.Writer, unit string) *progress {
	p := &progress{out: w, plain: w, unit: unit, spoke: time.Now(), at: train.Progress{Valid: math.NaN(), Average: math.NaN()}}
	if !terminal(w) {
		return p
	}
	p.bars = mpb.New(mpb.WithOutput(w))
	p.bar = p.bars.New(barFull, mpb.BarStyle(), mpb.BarFillerTrim(), mpb.BarRemoveOnComplete(), mpb.PrependDecorators(
		decor.Any(func(decor.Statistics) string { return p.line() }),
	))
	p.out = p.bars
	return p
}

// step is train.Config.Progress.
func (p *progress) step(s train.Progress) {
	p.mu.Lock()
	if d := s.Seconds - p.at.Seconds; p.at.Step > 0 && d > 0 && !p.skip {
		now := s.Weight / d
		if p.speed == 0 {
			p.speed = now
		}
		p.speed += (1 - math.Exp(-d/smooth)) * (now - p.speed)
	}
	p.skip = s.Validated
	p.at = s
	p.mu.Unlock()
	if p.bar != nil {
		p.bar.SetCurrent(min(int64(s.Fraction*barFull), barFull-1)) // done only when told so
		return
	}
	p.mu.Lock()
	due := s.Validated || time.Since(p.spoke) > quiet
	p.mu.Unlock()
	if due {
		p.say("%s", strings.TrimRight(p.line(), " "))
	}
}

// measuring says whether the held-out text is being measured, which on a large one takes a while.
func (p *progress) measuring(busy bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy = busy
}

// line is where training stands: step, loss, validation loss, speed, time left.
func (p *progress) line() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := fmt.Sprintf("%3.0f%%  step %s", 100*p.at.Fraction, thousands(p.at.Step))
	if p.at.Step > 0 {
		s += fmt.Sprintf("  loss %.4f", p.at.Mean)
	}
	if !math.IsNaN(p.at.Valid) {
		s += fmt.Sprintf("  valid %.4f", p.at.Valid)
	}
	if !math.IsNaN(p.at.Average) {
		s += fmt.Sprintf("  averaged %.4f", p.at.Average)
	}
	if p.more != nil && p.at.Step > 0 {
		s += p.more()
	}
	if p.speed > 0 {
		s += fmt.Sprintf("  %s %s/s", thousands(int(p.speed)), p.unit)
	}
	if p.busy {
		return s + "  measuring the held-out text "
	}
	if f := p.at.Fraction; f > 0 {
		s += fmt.Sprintf("  ETA %s ", span(seconds(p.at.Seconds*(1-f)/f)))
	}
	return s
}

// say writes a line, above the bar if there is one. Any goroutine may call it, at any time.
func (p *progress) say(format string, args ...any) {
	p.lines.Lock()
	fmt.Fprintf(p.out, format+"\n", args...)
	p.lines.Unlock()
	p.mu.Lock()
	p.spoke = time.Now()
	p.mu.Unlock()
}

// close takes the bar away. Lines that come after it go straight to standard error. The goroutine that
// calls step calls it.
func (p *progress) close() {
	if p.bar != nil {
		p.lines.Lock()
		defer p.lines.Unlock()
		p.bar.Abort(true)
		p.bars.Wait()
		p.bar, p.out = nil, p.plain
	}
}
