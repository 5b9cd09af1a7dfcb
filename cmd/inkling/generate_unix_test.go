//go:build unix

package main

import (
	"io"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestGenerateInterrupted: Ctrl-C ends a search that would take for ever, with what it has.
func TestGenerateInterrupted(t *testing.T) {
	f := trainedFolder(t)
	cmd, _, stderr := f.command("generate", "model", "--prompt", "the ", "--decoder", "exact", "--max-tokens", "300", "--nodes", "1000000000")
	cmd.Stdout = nil
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	prompt := make([]byte, len("the "))
	if _, err := io.ReadFull(out, prompt); err != nil {
		t.Fatal(err)
	}
	time.Sleep(500 * time.Millisecond) // enough for the beam; a search that is interrupted sooner has less to give
	cmd.Process.Signal(syscall.SIGINT)
	text, _ := io.ReadAll(out)
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != codeInterrupted || !strings.HasSuffix(string(text), "\n") {
		t.Errorf("exit code %d, %q", code, text)
	}
	f.contains(stderr.String(), "log-probability", "interrupted: ", "nodes")
}
