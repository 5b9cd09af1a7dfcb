package checkpoint

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

var errInjected = errors.New("injected")

// failAt makes the k-th operation fail and says how many there were; a failing write
// gets half of its bytes through.
func failAt(k int, f func()) (operations int) {
	next := func() error {
		operations++
		if operations-1 == k {
			return errInjected
		}
		return nil
	}
	defer SetFaults(&Faults{
		Write:  func(_ string, _ int64, n int) (int, error) { return n / 2, next() },
		Sync:   func(string) error { return next() },
		Rename: func(string) error { return next() },
	})()
	f()
	return operations
}

// TestEveryOperationFails lets each write, fsync and rename of a checkpoint fail in turn:
// the state of before is there, nothing is left over, and the next attempt succeeds.
func TestEveryOperationFails(t *testing.T) {
	const n = 100_000 // a few writes
	dir := filepath.Join(t.TempDir(), "run")
	r := newRun(t, dir)
	step := int64(1)
	if err := save(r, step, n); err != nil {
		t.Fatal(err)
	}
	r.Close()
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	line := []byte(`{"loss":1}`)
	total := failAt(-1, func() { r.AppendMetrics(line); save(r, step, n) })
	if total < 8 {
		t.Fatalf("only %d operations", total)
	}
	for k := range total {
		var err error
		failAt(k, func() {
			if err = r.AppendMetrics(line); err == nil {
				err = save(r, step+1, n)
			}
		})
		wantError(t, err, errInjected, "what was saved before is intact", "inkling resume "+dir)
		if left := temps(t, dir); len(left) > 0 {
			t.Fatalf("operation %d: left behind: %q", k, left)
		}
		// As after a kill: what is on disk, not what the Run remembers.
		r.Close()
		if r, err = Open(dir); err != nil {
			t.Fatal(err)
		}
		want := step
		if k == total-1 { // the fsync of the folder, after the rename: the new state is whole
			want = step + 1
		}
		if w := wantState(t, r, want, n); len(w) > 0 {
			t.Errorf("operation %d: %q", k, w)
		}
		step++
		if err := save(r, step, n); err != nil {
			t.Fatal(err)
		}
		wantState(t, r, step, n)
	}
	r.Close()
}

// TestEveryByteFails lets the write of a file fail at every byte.
func TestEveryByteFails(t *testing.T) {
	r := newRun(t, filepath.Join(t.TempDir(), "run"))
	old := tensorsOf(1, 5)
	if err := r.SaveModel(old, nil); err != nil {
		t.Fatal(err)
	}
	size := int64(len(encode(t, old, nil)))
	for at := range size {
		restore := SetFaults(&Faults{Write: func(_ string, offset int64, n int) (int, error) {
			if at < offset+int64(n) {
				return int(at - offset), errInjected
			}
			return 0, nil
		}})
		err := r.SaveModel(tensorsOf(2, 5), nil)
		restore()
		wantError(t, err, errInjected, modelName)
		if got, _, err := r.LoadModel(); err != nil || !equal(got, old) {
			t.Fatalf("byte %d: %v", at, err)
		}
	}
	if left := temps(t, r.Dir()); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// TestWritableFaults: the early check tells what will fail later.
func TestWritableFaults(t *testing.T) {
	r := newRun(t, filepath.Join(t.TempDir(), "run"))
	total := failAt(-1, func() { r.Writable() })
	for k := range total {
		var err error
		failAt(k, func() { err = r.Writable() })
		wantError(t, err, errInjected, r.Dir(), "not written")
		if left := temps(t, r.Dir()); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
	}
}

// TestNotFinite: a state that could not be loaded is not saved.
func TestNotFinite(t *testing.T) {
	r := newRun(t, filepath.Join(t.TempDir(), "run"))
	if err := save(r, 1, 10); err != nil {
		t.Fatal(err)
	}
	bad := tensorsOf(2, 10)
	bad[1].Data[7] /= 0 * bad[1].Data[7]
	err := r.SaveState(2, []byte(`{}`), bad)
	wantError(t, err, nil, stateName(2), `tensor "adam.m.weight" holds numbers that are not finite`, "intact")
	wantState(t, r, 1, 10)
	long := `"` + strings.Repeat("x", maxHeader) + `"`
	wantError(t, r.SaveState(2, []byte(long), nil), nil, "the metadata are too long")
	wantState(t, r, 1, 10)
}
