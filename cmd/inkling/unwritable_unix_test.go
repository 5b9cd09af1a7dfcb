//go:build unix

package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

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
