//go:build unix

package main

import (
	"bufio"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestGenerateInterrupted: Ctrl-C ends a search that would take for ever, with what it has.
func TestGenerateInterrupted(t *testing.T) {
	f := trainedFolder(t)
	cmd, out, _ := f.command("generate", "model", "--prompt", "the §", "--decoder", "exact", "--max-tokens", "300", "--nodes", "1000000000")
	cmd.Stderr = nil
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	notes := bufio.NewReader(stderr)
	if note, err := notes.ReadString('\n'); err != nil || !strings.HasPrefix(note, "prompt: ") { // it is about to begin
		t.Fatal(note, err)
	}
	time.Sleep(500 * time.Millisecond) // enough for the beam; a search that is interrupted sooner has less to give
	cmd.Process.Signal(syscall.SIGINT)
	proved, _ := io.ReadAll(notes)
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != codeInterrupted || !strings.HasPrefix(out.String(), "the §") || !strings.HasSuffix(out.String(), "\n") {
		t.Errorf("exit code %d, %q", code, out)
	}
	f.contains(string(proved), "log-probability", "interrupted: ", "nodes")
}
