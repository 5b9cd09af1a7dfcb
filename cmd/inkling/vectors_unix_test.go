//go:build unix

package main

import (
	"bytes"
	"path/filepath"
	"syscall"
	"testing"
)

// TestVectorsSurvive kills a run of word vectors, and stops another by Ctrl-C: both go on to the bits of one that was left
// alone.
func TestVectorsSurvive(t *testing.T) {
	f := newFolder(t)
	args := []string{"--epochs", "600", "--checkpoint-every", "1"}
	f.must(vectorArgs("whole", args...)...)
	for _, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGINT} {
		dir := signal.String()
		cmd, _, stderr := f.command(vectorArgs(dir, args...)...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		f.until("state", func() bool {
			states, _ := filepath.Glob(filepath.Join(f.dir, dir, "state", "*.safetensors"))
			return len(states) > 0
		})
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		cmd.Wait()
		if l := f.runs(".")[dir]; l.Status != "stopped" {
			t.Fatalf("%s: the run is %s, want it stopped: %s", signal, l.Status, stderr)
		}
		if code := cmd.ProcessState.ExitCode(); signal == syscall.SIGINT && code != codeInterrupted {
			t.Errorf("exit code %d after Ctrl-C", code)
		}
		f.must("resume", dir)
		if !bytes.Equal(f.read("whole/model.safetensors"), f.read(filepath.Join(dir, "model.safetensors"))) {
			t.Errorf("%s: the run ended with other bits", signal)
		}
		if got, want := bytes.Count(f.read(filepath.Join(dir, "metrics.jsonl")), []byte("\n")), 600; got != want {
			t.Errorf("%s: %d lines of metrics, want %d", signal, got, want)
		}
	}
}
