//go:build unix

package main

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestTokenizingInterrupted: a command that is stopped while it makes a file of tokens ends soon, and leaves no part of it.
func TestTokenizingInterrupted(t *testing.T) {
	f := newFolder(t)
	f.write("large.txt", strings.Repeat(sampleText(1<<20, 3), 48))
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		cmd, out, stderr := f.command(append([]string{"train", "lm", "large.txt", "--out", "run", "--cache", "cache", "--tokens", "word", "--steps", "5"}, small...)...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		parts := func() []string {
			names, _ := filepath.Glob(filepath.Join(f.dir, "cache", "*.part-*"))
			return names
		}
		for began := time.Now(); len(parts()) == 0; time.Sleep(time.Millisecond) {
			if time.Since(began) > time.Minute {
				t.Fatalf("no file of tokens is begun: %s%s", out, stderr)
			}
		}
		cmd.Process.Signal(signal)
		cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != codeInterrupted || out.Len() > 0 || strings.Contains(stderr.String(), "inkling:") {
			t.Errorf("%v: exit code %d: %s%s", signal, code, out, stderr)
		}
		if left := f.list("cache"); len(left) > 0 || f.exists("run") {
			t.Errorf("%v: %v is left, and a run: %v", signal, left, f.exists("run"))
		}
	}
}
