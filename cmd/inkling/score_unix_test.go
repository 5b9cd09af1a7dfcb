//go:build unix

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestScoreInterrupted: what was scored is there, in whole lines, and the program says that it was interrupted.
func TestScoreInterrupted(t *testing.T) {
	f := trainedFolder(t)
	for _, signal := range []os.Signal{syscall.SIGINT, syscall.SIGTERM} {
		cmd, _, stderr := f.command("score", "model")
		cmd.Stdin, cmd.Stdout = nil, nil
		in, err1 := cmd.StdinPipe()
		out, err2 := cmd.StdoutPipe()
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		io.WriteString(in, "the rays\nof li")
		reader := bufio.NewReader(out)
		line, err := reader.ReadString('\n')
		if err != nil || !strings.HasSuffix(line, "\tthe rays\n") {
			t.Fatalf("%q, %v\n%s", line, err, stderr)
		}
		cmd.Process.Signal(signal)
		rest, err := io.ReadAll(reader)
		cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != codeInterrupted || len(rest) > 0 || err != nil || stderr.Len() > 0 {
			t.Errorf("%v: exit code %d, then %q (%v) and %q", signal, code, rest, err, stderr)
		}
	}
	cmd, _, stderr := f.command("score", "model") // in the middle of a lot of lines
	cmd.Stdin = strings.NewReader(strings.Repeat("the rays of light\n", 1<<20))
	cmd.Stdout = nil
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(out)
	if _, err := reader.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	cmd.Process.Signal(syscall.SIGINT)
	rest, err := io.ReadAll(reader)
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != codeInterrupted || err != nil || stderr.Len() > 0 || !bytes.HasSuffix(rest, []byte("\tthe rays of light\n")) {
		t.Errorf("exit code %d, %v, %q", code, err, stderr)
	}
}

// TestScorePictures: each picture's score comes as soon as it is known, in order; a signal ends it in between, and so does a reader that has seen
// enough, without a word.
func TestScorePictures(t *testing.T) {
	f := vaeFolder(t)
	f.must(vaeArgs("m", "--steps", "5")...)
	for _, closes := range []bool{false, true} {
		cmd, _, stderr := f.command("score", "m", "bars.npy", "--samples", "200000") // of which the first takes long enough
		cmd.Stdout = nil
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		reader := bufio.NewReader(out)
		for i := range 2 {
			if line, err := reader.ReadString('\n'); err != nil || !strings.HasSuffix(line, fmt.Sprintf("\t%d\n", i)) {
				t.Fatalf("%q, %v, %s", line, err, stderr)
			}
		}
		if closes {
			out.Close()
			cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code > 0 || stderr.Len() > 0 {
				t.Errorf("exit code %d, %q", code, stderr)
			}
			continue
		}
		cmd.Process.Signal(syscall.SIGINT)
		rest, err := io.ReadAll(reader)
		cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != codeInterrupted || err != nil || stderr.Len() > 0 || bytes.Count(rest, []byte("\n")) > 100 {
			t.Errorf("exit code %d, %v, %q, then\n%s", code, err, stderr, rest)
		}
	}
}

// TestScoreHead: a reader that has seen enough ends the program, without a word.
func TestScoreHead(t *testing.T) {
	f := trainedFolder(t)
	cmd, _, stderr := f.command("score", "model")
	cmd.Stdin = strings.NewReader(strings.Repeat("the rays of light\n", 1<<18))
	cmd.Stdout = nil
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReaderSize(out, 16).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	out.Close()
	cmd.Wait()
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGPIPE || stderr.Len() > 0 {
		t.Errorf("%v, %q", cmd.ProcessState, stderr)
	}
}
