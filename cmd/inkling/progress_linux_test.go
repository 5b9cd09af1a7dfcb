package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"inkling/train"
)

// screen is a terminal: what is written to it, and all that came out at its other end.
func screen(t *testing.T) (tty *os.File, shown func() string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	host, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	must(err)
	must(unix.IoctlSetPointerInt(int(host.Fd()), unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(int(host.Fd()), unix.TIOCGPTN)
	must(err)
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	must(err)
	must(unix.IoctlSetWinsize(int(tty.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 100}))
	var mu sync.Mutex
	var all bytes.Buffer
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := host.Read(buf)
			mu.Lock()
			all.Write(buf[:n])
			mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { tty.Close(); host.Close() })
	return tty, func() string {
		mu.Lock()
		defer mu.Unlock()
		return all.String()
	}
}

// TestProgressBar draws the bar on a terminal, writes lines above it, and one after it is gone.
func TestProgressBar(t *testing.T) {
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
	p := newProgress(tty, "chars")
	p.step(train.Progress{Step: 1234, Fraction: 0.5, Mean: 2.5, Valid: 2.25, Seconds: 60})
	p.say("a line above")
	wait(" 50%  step 1,234  loss 2.5000  valid 2.2500", "ETA 1m", "a line above\r\n")
	var saying sync.WaitGroup
	saying.Go(func() { p.say("while it closes") })
	p.close()
	saying.Wait()
	p.say("a line after")
	wait("while it closes\r\n", "a line after\r\n")
}
