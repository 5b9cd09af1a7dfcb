//go:build unix

package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestForeignTokens reads a text whose tokens another user keeps to himself.
func TestForeignTokens(t *testing.T) {
	f := newFolder(t)
	args := append([]string{"train", "lm", "text.txt", "--steps", "1", "--cache", "cache"}, small...)
	f.must(append(args, "--out", "run")...)
	dir, err := os.MkdirTemp("", "inkling-foreign-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(dir, os.DirFS(f.dir)); err != nil {
		t.Fatal(err)
	}
	f.dir = dir
	for _, name := range f.list("cache") {
		if err := os.Chmod(filepath.Join(dir, "cache", name), 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	cmd, _, stderr := f.command(append(args, "--out", "again")...)
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if code := cmd.ProcessState.ExitCode(); code != codeIO {
		t.Errorf("exit code %d", code)
	}
	f.contains(stderr.String(), "inkling: the tokens of the text are in cache/", "may not be read by this user: name another folder with --cache")
}

// TestUnwritable trains into a folder that may not be written. Root may write anywhere, and so runs the
// program as nobody.
func TestUnwritable(t *testing.T) {
	f := newFolder(t)
	dir, err := os.MkdirTemp("", "inkling-unwritable-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	f.dir = dir
	f.write("text.txt", sampleText(2000, 1))
	f.mkdir("closed")
	f.mkdir("closed/begun")
	if err := os.Chmod(filepath.Join(dir, "closed"), 0o555); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{"closed/run", "closed/begun"} {
		cmd, _, stderr := f.command("train", "lm", "text.txt", "--steps", "1", "--hidden", "4", "--out", out)
		if os.Getuid() == 0 {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		} else if err := os.Chmod(filepath.Join(dir, "closed", "begun"), 0o555); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Run(); cmd.ProcessState == nil {
			t.Fatal(err)
		}
		if code := cmd.ProcessState.ExitCode(); code != codeIO {
			t.Errorf("--out %s: exit code %d", out, code)
		}
		f.contains(stderr.String(), "inkling: "+out+": permission is denied", "choose another folder with --out")
	}
}
