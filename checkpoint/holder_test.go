package checkpoint

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

func TestHolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	run, err := Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := run.WriteFile(configName, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	reader, err := OpenRead(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	expect := func(when, want string) {
		t.Helper()
		if pid, err := reader.Holder(); pid != want || err != nil {
			t.Errorf("%s: held by %q, not by %q (%v)", when, pid, want, err)
		}
	}
	expect("in use", strconv.Itoa(os.Getpid()))
	if err := run.Close(); err != nil {
		t.Fatal(err)
	}
	expect("closed", "")

	// A killed process leaves its number, and no lock.
	file := filepath.Join(dir, lockName)
	if err := os.WriteFile(file, []byte("12345\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	expect("killed", "")
	if run, err = Open(dir); err != nil {
		t.Fatalf("a look must leave the lock free: %v", err)
	}
	expect("opened again", strconv.Itoa(os.Getpid()))
	if err := run.Close(); err != nil {
		t.Fatal(err)
	}

	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	expect("a model without a lock file", "")
	if err := os.Mkdir(file, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := reader.Holder(); err == nil {
		t.Error("a folder called lock")
	}
}
