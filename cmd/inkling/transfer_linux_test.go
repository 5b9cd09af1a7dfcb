package main

import (
	"strings"
	"testing"
	"time"
)

// TestTransferBar draws the bar of a download on a terminal, writes lines above it, and one after it is gone.
func TestTransferBar(t *testing.T) {
	tty, shown := screen(t)
	wait := func(texts ...string) {
		t.Helper()
		for _, text := range texts {
			for began := time.Now(); !strings.Contains(shown(), text); time.Sleep(5 * time.Millisecond) {
				if time.Since(began) > 20*time.Second {
					t.Fatalf("%q is missing in %q", text, shown())
				}
			}
		}
	}
	p := newTransfer(tty, "mnist", 10_000)
	p.done(2000)
	p.reached(0)
	p.reached(3000)
	p.say("a line\nabove")
	wait("mnist   50%  5 KB of 10 KB", "a line above\r\n")
	p.reached(0) // from the beginning
	wait("mnist   20%  2 KB of 10 KB")
	p.close()
	p.say("a line after")
	wait("a line after\r\n")
}

// TestTransferLine tells speed and time left by what came in this go, not by what was there before.
func TestTransferLine(t *testing.T) {
	p := newTransfer(new(strings.Builder), "mnist", 10_000)
	p.reached(4000)
	p.began = p.began.Add(-1000 * time.Second)
	p.reached(5000)
	if got := p.line(); got != "mnist   50%  5 KB of 10 KB  1 bytes/s  ETA 1h23m " {
		t.Errorf("%q", got)
	}
}
