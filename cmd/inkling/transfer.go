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
)

// transfer shows on standard error how a download of several files goes, as progress does of training: a bar on
// a terminal; elsewhere a line every ten seconds.
type transfer struct {
	name  string
	total int64 // bytes
	bars  *mpb.Progress
	bar   *mpb.Bar
	out   io.Writer // of lines: above the bar, while there is one
	plain io.Writer // below it

	mu     sync.Mutex // the bar is drawn by another goroutine
	before int64      // bytes of the files that are done
	at     int64      // bytes of the file that is on its way
	began  time.Time  // of this file, or of it from the beginning
	first  int64      // where it was then
	spoke  time.Time  // when the last line was written
}

func newTransfer(w io.Writer, name string, total int64) *transfer {
	t := &transfer{name: name, total: total, out: w, plain: w, spoke: time.Now()}
	if !terminal(w) {
		return t
	}
	t.bars = mpb.New(mpb.WithOutput(w))
	t.bar = t.bars.New(max(1, total), mpb.BarStyle(), mpb.BarFillerTrim(), mpb.BarRemoveOnComplete(), mpb.PrependDecorators(
		decor.Any(func(decor.Statistics) string { return t.line() }),
	))
	t.out = t.bars
	return t
}

// reached is how many bytes there are of the file that is on its way.
func (t *transfer) reached(bytes int64) {
	t.mu.Lock()
	if bytes <= t.at || t.began.IsZero() {
		t.began, t.first = time.Now(), bytes
	}
	t.at = bytes
	now := t.before + t.at
	due := time.Since(t.spoke) > quiet
	t.mu.Unlock()
	if t.bar != nil {
		t.bar.SetCurrent(min(now, t.total-1)) // done only when told so
	} else if due {
		t.say("%s", strings.TrimRight(t.line(), " "))
	}
}

// done is called of each file that is there, with its size.
func (t *transfer) done(bytes int64) {
	t.mu.Lock()
	t.before, t.at, t.began = t.before+bytes, 0, time.Time{}
	t.mu.Unlock()
}

// line is where the download stands: share, bytes, speed, time left.
func (t *transfer) line() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.before + t.at
	s := fmt.Sprintf("%s  %3.0f%%  %s of %s", t.name, 100*float64(now)/float64(max(1, t.total)), sizeOf(now), sizeOf(t.total))
	if d := time.Since(t.began).Seconds(); !t.began.IsZero() && d > 0.5 && t.at > t.first {
		speed := float64(t.at-t.first) / d
		s += fmt.Sprintf("  %s/s  ETA %s", sizeOf(int64(math.Round(speed))), span(seconds(float64(t.total-now)/speed)))
	}
	return s + " "
}

// say writes a line, above the bar if there is one.
func (t *transfer) say(format string, args ...any) {
	fmt.Fprintln(t.out, oneLine(fmt.Sprintf(format, args...)))
	t.mu.Lock()
	t.spoke = time.Now()
	t.mu.Unlock()
}

// close takes the bar away. Lines that come after it go straight to standard error.
func (t *transfer) close() {
	if t.bar != nil {
		t.bar.Abort(true)
		t.bars.Wait()
		t.bar, t.out = nil, t.plain
	}
}
