//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// lengthy are settings of a run that takes seconds, so that something can be done to it meanwhile.
var lengthy = []string{"--steps", "6000", "--checkpoint-every", "100", "--validations", "10"}

// until waits until something is there, but not for ever.
func (f *folder) until(what string, there func() bool) {
	f.Helper()
	for began := time.Now(); !there(); time.Sleep(time.Millisecond) {
		if time.Since(began) > 30*time.Second {
			f.Fatalf("no %s after 30 seconds", what)
		}
	}
}

// begin starts a command and waits until its run has saved a state of at least step 100.
func (f *folder) begin(dir string, cmd *exec.Cmd) {
	f.Helper()
	if err := cmd.Start(); err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { cmd.Process.Kill() })
	f.until("state", func() bool {
		states, _ := filepath.Glob(filepath.Join(f.dir, dir, "state", "*00.safetensors"))
		return len(states) > 0 && filepath.Base(states[len(states)-1]) != "000000000.safetensors"
	})
}

// TestTwoProcesses goes on with a run that is under way: that is refused, by the name of the process that has
// it, and does the run no harm.
func TestTwoProcesses(t *testing.T) {
	f := newFolder(t)
	f.must(trainArgs("whole", lengthy...)...)
	cmd, out, stderr := f.command(trainArgs("run", lengthy...)...)
	f.begin("run", cmd)
	r := f.run("resume", "run")
	if r.code != codeIO {
		t.Errorf("exit code %d: %s%s", r.code, r.out, r.err)
	}
	f.contains(r.err, fmt.Sprintf("run: process %d is at work on this run: wait for it, or stop it first", cmd.Process.Pid))
	if r = f.run(trainArgs("run", "--steps", "1")...); r.code != codeIO {
		t.Errorf("a new run in its folder: exit code %d: %s%s", r.code, r.out, r.err)
	}
	if f.must("info", "run"); cmd.Wait() != nil { // to look at it is no harm
		t.Fatalf("%s%s", out, stderr)
	}
	f.equal("run")
}

// asNobody makes a command run as a user whom permissions bind, also where the tests run as root.
func asNobody(cmd *exec.Cmd) {
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
}

// TestTurnsReadOnly takes the permission to write away from a training.
func TestTurnsReadOnly(t *testing.T) {
	f := newFolder(t)
	dir, err := os.MkdirTemp("", "inkling-read-only-") // not below a folder that is only root's
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	f.dir = dir
	f.write("text.txt", sampleText(12_000, 1))
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	f.must(trainArgs("whole", lengthy...)...)
	cmd, _, stderr := f.command(trainArgs("run", lengthy...)...)
	asNobody(cmd)
	f.begin("run", cmd)
	chmod := func(mode os.FileMode) {
		for _, name := range []string{"run", "run/state"} {
			if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	chmod(0o555)
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != codeIO {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	f.contains(stderr.String(), "not written: the folder may not be written; what was saved before is intact: change its permissions, then: inkling resume run")
	chmod(0o777)
	f.must("resume", "run")
	f.equal("run")
}

// TestStopped halts a training with a budget, as a shell's Ctrl-Z does, and lets it go on.
func TestStopped(t *testing.T) {
	f := newFolder(t)
	cmd, out, stderr := f.command(trainArgs("run", "--budget", "2s", "--checkpoint-every", "100", "--hidden", "16", "--layers", "1")...)
	f.begin("run", cmd)
	cmd.Process.Signal(syscall.SIGSTOP)
	time.Sleep(time.Second)
	cmd.Process.Signal(syscall.SIGCONT)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s%s", err, out, stderr)
	}
	f.contains(out.String(), "finished at step")
}

// TestInterruptedWhileReading: there is nothing to save, so that the program ends at the first Ctrl-C,
// although a read is waited for.
func TestInterruptedWhileReading(t *testing.T) {
	f := newFolder(t)
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		cmd, _, _ := f.command("train", "lm", "-", "--out", "run")
		cmd.Stdin = nil
		pipe, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		pipe.Write([]byte("some text"))
		time.Sleep(100 * time.Millisecond)
		began := time.Now()
		cmd.Process.Signal(signal)
		cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != codeInterrupted && code != -1 || time.Since(began) > 5*time.Second {
			t.Errorf("%v: exit code %d after %v", signal, code, time.Since(began))
		}
		if f.exists("run") {
			t.Error("a folder of a run that never began")
		}
	}
}

// TestResumeBegun goes on with a run that was killed right after its config was written.
func TestResumeBegun(t *testing.T) {
	f := newFolder(t)
	args := trainArgs("whole", "--steps", "40")
	f.must(args...)
	f.copy("whole", "run")
	for _, name := range []string{"tokenizer.json", "model.safetensors", "metrics.jsonl", "README.md"} {
		f.remove("run/" + name)
	}
	if err := removeAll(f, "run/state"); err != nil {
		t.Fatal(err)
	}
	if r := f.must("resume", "run"); !bytes.Contains([]byte(r.err), []byte("goes on after step 0")) {
		t.Errorf("%s", r.err)
	}
	f.remove("whole/state/000000000.safetensors")
	f.remove("run/state/000000000.safetensors")
	f.equal("run")
}
