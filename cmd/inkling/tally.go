package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// tally shows on standard error how much of a measurement is done, and the time that is left: a bar on a terminal, elsewhere a line every
// ten seconds.
type tally struct {
	what  string
	out   io.Writer
	bars  *mpb.Progress
	bar   *mpb.Bar
	began time.Time

	mu          sync.Mutex // the bar is drawn by another goroutine
	done, total int
	spoke       time.Time
}

func newTally(w io.Writer, what string, total int) *tally {
	t := &tally{what: what, out: w, began: time.Now(), spoke: time.Now(), total: total}
	if terminal(w) {
		t.bars = mpb.New(mpb.WithOutput(w))
		t.bar = t.bars.New(barFull, mpb.BarStyle(), mpb.BarFillerTrim(), mpb.BarRemoveOnComplete(), mpb.PrependDecorators(
			decor.Any(func(decor.Statistics) string { return t.line() + " " }),
		))
	}
	return t
}

// add says that more is done. Any goroutine may call it.
func (t *tally) add(n int) {
	t.mu.Lock()
	t.done += n
	share := float64(t.done) / float64(t.total)
	due := t.bar == nil && time.Since(t.spoke) > quiet
	if due {
		t.spoke = time.Now()
	}
	t.mu.Unlock()
	if t.bar != nil {
		t.bar.SetCurrent(min(int64(share*barFull), barFull-1))
	}
	if due {
		fmt.Fprintln(t.out, t.line())
	}
}

func (t *tally) line() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	share := float64(t.done) / float64(t.total)
	s := fmt.Sprintf("%3.0f%%  %s", 100*share, t.what)
	if share > 0 {
		s += "  ETA " + span(seconds(time.Since(t.began).Seconds()*(1-share)/share))
	}
	return s
}

// close takes the bar away.
func (t *tally) close() {
	if t.bar != nil {
		t.bar.Abort(true)
		t.bars.Wait()
	}
}
