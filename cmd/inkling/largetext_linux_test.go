package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestLargeText trains on a text of which not even the tokens fit into the memory that the system grants the program,
// by a limit that ends it if it wants more.
func TestLargeText(t *testing.T) {
	const limit = 136 << 20 // bytes of data; 64 MiB of it is the first piece of heap that Go asks for, and each thread has 1 MiB
	f := newFolder(t)
	file, err := os.Create(filepath.Join(f.dir, "large.txt"))
	if err != nil {
		t.Fatal(err)
	}
	piece := []byte(sampleText(1<<20, 3))
	for range 180 {
		if _, err := file.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
	file.Close()
	within := func(args ...string) string {
		t.Helper()
		line := fmt.Sprintf("ulimit -s 1024 && ulimit -d %d && exec \"$0\" \"$@\"", limit>>10)
		cmd := exec.Command("sh", append([]string{"-c", line, binary}, args...)...)
		cmd.Dir = f.dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("inkling %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	run := append([]string{"train", "lm", "large.txt", "--out", "run", "--cache", "cache", "--valid", "0", "--steps", "40", "--memory", "70MB"}, small...)
	f.contains(within(run...), "the tokens of the text are kept in cache/", "finished at step 40")
	info, err := os.Stat(filepath.Join(f.dir, "cache", f.list("cache")[0]))
	if err != nil || info.Size() < 180<<20/1000 {
		t.Errorf("%v, %v", info, err)
	}
	f.remove("run/state/000000040.safetensors")
	f.contains(within("resume", "run", "--cache", "cache"), "the tokens of the text are in cache/", "finished at step 40")
}
