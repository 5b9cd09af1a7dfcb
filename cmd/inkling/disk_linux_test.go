package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestFullDisk fills the disk under a training, where the test may mount one of its own: it ends with what to
// do, and when there is space again the run goes on as if nothing had happened.
func TestFullDisk(t *testing.T) {
	f := newFolder(t)
	f.must(trainArgs("whole", lengthy...)...)
	f.mkdir("disk")
	disk := filepath.Join(f.dir, "disk")
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=2m"); err != nil {
		t.Skip("no disk of our own here:", err)
	}
	defer syscall.Unmount(disk, syscall.MNT_DETACH)
	cmd, _, stderr := f.command(trainArgs("disk/run", lengthy...)...)
	f.begin("disk/run", cmd)
	filler, err := os.Create(filepath.Join(disk, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil { // to the last page, also of what the run gives back meanwhile
		for _, size := range []int{1 << 16, 1 << 12} {
			for err == nil {
				_, err = filler.Write(make([]byte, size))
			}
			if size > 1<<12 {
				err = nil
			}
		}
	}
	filler.Close()
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != codeIO {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	f.contains(stderr.String(), "not written: the disk is full; what was saved before is intact: free some space, then: inkling resume disk/run")
	if left := leftOver(f, "disk/run"); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	f.remove("disk/filler")
	f.must("resume", "disk/run")
	f.equal("disk/run")
}

// TestFullCache fills the disk that is to hold the tokens of a text: nothing is left there, and it is said what to do.
func TestFullCache(t *testing.T) {
	f := newFolder(t)
	f.write("long.txt", sampleText(400_000, 5))
	f.mkdir("cache")
	cache := filepath.Join(f.dir, "cache")
	if err := syscall.Mount("tmpfs", cache, "tmpfs", 0, "size=256k"); err != nil {
		t.Skip("no disk of our own here:", err)
	}
	defer syscall.Unmount(cache, syscall.MNT_DETACH)
	r := f.run("train", "lm", "long.txt", "--cache", "cache", "--out", "run", "--steps", "1")
	if r.code != codeIO {
		t.Errorf("exit code %d", r.code)
	}
	f.contains(r.err, "the tokens of the text cannot be written to cache: free some space, or name another folder with --cache: no space left on device")
	if left := f.list("cache"); len(left) > 0 || f.exists("run") {
		t.Errorf("left behind: %q", left)
	}
}
