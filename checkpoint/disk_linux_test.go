package checkpoint

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// asNobody runs f as a user whom permissions bind, also where the tests run as root: the
// thread's file system identity is changed, and the thread ends with f.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		f()
		return
	}
	done := make(chan bool)
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked: the thread is thrown away
		if err := syscall.Setfsuid(65534); err != nil {
			t.Error(err)
			return
		}
		f()
	}()
	<-done
}

// TestTurnsReadOnly: the folder may not be written any more while the run goes on.
func TestTurnsReadOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	r := newRun(t, dir)
	if err := save(r, 1, 100); err != nil {
		t.Fatal(err)
	}
	chmod := func(mode os.FileMode) {
		for _, d := range []string{dir, filepath.Join(dir, stateDir)} {
			if err := os.Chmod(d, mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	chmod(0o555)
	asNobody(t, func() {
		words := []string{"the folder may not be written", "what was saved before is intact", "inkling resume " + dir}
		wantError(t, save(r, 2, 100), os.ErrPermission, append(words, stateName(2))...)
		wantError(t, r.SaveModel(nil, nil), os.ErrPermission, append(words, modelName)...)
		wantError(t, r.WriteFile("README.md", nil), os.ErrPermission, append(words, "README.md")...)
		wantError(t, r.AppendMetrics(nil), os.ErrPermission, append(words, metricsName)...)
		wantError(t, r.Writable(), os.ErrPermission, words...)
		wantState(t, r, 1, 100)
	})
	chmod(0o777)
	asNobody(t, func() {
		if err := save(r, 2, 100); err != nil {
			t.Error(err)
		}
	})
	wantState(t, r, 2, 100)
}

// TestUnwritable: a run that cannot be kept where it should be.
func TestUnwritable(t *testing.T) {
	base, err := os.MkdirTemp("", "unwritable")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(base)
	run := filepath.Join(base, "run")
	newRun(t, run).Close()
	os.Chmod(run, 0o555)
	os.Chmod(filepath.Join(run, lockName), 0o444)
	os.Mkdir(filepath.Join(base, "empty"), 0o555)
	os.Chmod(base, 0o555)
	asNobody(t, func() {
		_, err := Create(filepath.Join(base, "a", "b"))
		wantError(t, err, os.ErrPermission, filepath.Join(base, "a", "b"), "permission is denied", "--out")
		_, err = Create(filepath.Join(base, "empty"))
		wantError(t, err, os.ErrPermission, "permission is denied", "--out")
		_, err = Open(run)
		wantError(t, err, os.ErrPermission, "the folder may not be written", "inkling resume "+run)
		r, err := OpenRead(run)
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
	})
	os.Chmod(base, 0o755)
	os.Chmod(run, 0o755)
	// Root is bound here.
	_, err = Create("/proc/run")
	wantError(t, err, nil, "/proc/run", "--out")
}

// TestFullDisk fills a real disk of 1 MiB, where the test may mount one, and turns it
// read-only. Elsewhere TestFileSizeLimit and the injected faults stand in.
func TestFullDisk(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=1m"); err != nil {
		t.Skip("no disk of our own here:", err)
	}
	defer syscall.Unmount(disk, syscall.MNT_DETACH)
	dir := filepath.Join(disk, "run")
	r := newRun(t, dir)
	defer r.Close()
	if err := save(r, 1, 40_000); err != nil { // 320 kB
		t.Fatal(err)
	}
	full := []string{"the disk is full", "what was saved before is intact", "free some space", "inkling resume " + dir}
	wantError(t, save(r, 2, 100_000), syscall.ENOSPC, append(full, stateName(2))...)
	if left := temps(t, dir); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	wantState(t, r, 1, 40_000)
	// To the last byte: metrics until no line fits.
	line := make([]byte, 50_000)
	for i := range line {
		line[i] = 'x'
	}
	var err error
	size := int64(0)
	for err == nil {
		size = r.MetricsSize()
		err = r.AppendMetrics(line)
	}
	wantError(t, err, syscall.ENOSPC, append(full, metricsName)...)
	if info, _ := os.Stat(filepath.Join(dir, metricsName)); info.Size() != size || size%50_001 != 0 {
		t.Errorf("metrics of %d bytes, want %d", info.Size(), size)
	}
	os.WriteFile(filepath.Join(disk, "rest"), make([]byte, 1<<20), 0o666)
	wantError(t, r.Writable(), syscall.ENOSPC, full...)
	wantError(t, r.AppendMetrics(line), syscall.ENOSPC, full...)
	wantState(t, r, 1, 40_000)
	// The full disk can still be opened and read, and goes on when there is space.
	r.Close()
	if r, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	os.Remove(filepath.Join(disk, "rest"))
	if err := r.TruncateMetrics(0); err != nil {
		t.Fatal(err)
	}
	if err := save(r, 2, 40_000); err != nil {
		t.Fatal(err)
	}
	wantState(t, r, 2, 40_000)

	r.Close() // nothing may be open for writing
	if err := syscall.Mount("", disk, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	_, err = Open(dir)
	wantError(t, err, syscall.EROFS, dir, "the disk is read-only", "inkling resume")
	_, err = Create(filepath.Join(disk, "new"))
	wantError(t, err, syscall.EROFS, "the disk is read-only", "--out")
	if r, err = OpenRead(dir); err != nil {
		t.Fatal(err)
	}
	wantState(t, r, 2, 40_000)
}
