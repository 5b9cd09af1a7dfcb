package checkpoint

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// tensorsOf is the state of a step: any two steps differ, and each is known beforehand.
func tensorsOf(step int64, n int) []Tensor {
	rng := rand.New(rand.NewPCG(uint64(step), 7))
	return []Tensor{filled(rng, "weight", n), filled(rng, "adam.m.weight", n), filled(rng, "carried", 3)}
}

// wantState checks that the newest whole state is that of a step.
func wantState(t testing.TB, r *Run, want int64, n int) (warnings []string) {
	t.Helper()
	step, meta, tensors, warnings, err := r.LatestState()
	if err != nil {
		t.Fatal(err)
	}
	if step != want || string(meta) != fmt.Sprintf(`{"step":%d}`, want) || !equal(tensors, tensorsOf(want, n)) {
		t.Fatalf("state of step %d with meta %s, want the one of %d", step, meta, want)
	}
	return warnings
}

func save(r *Run, step int64, n int) error {
	return r.SaveState(step, fmt.Appendf(nil, `{"step":%d}`, step), tensorsOf(step, n))
}

// files are the names in the state folder, in order.
func files(t testing.TB, r *Run) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(r.Dir(), stateDir))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), stateSuffix))
	}
	return names
}

func TestStates(t *testing.T) {
	r := newRun(t, filepath.Join(t.TempDir(), "run"))
	_, _, _, _, err := r.LatestState()
	wantError(t, err, ErrNoState, "no state")
	for _, step := range []int64{0, 5, 5, 10, 999_999_999, 1_000_000_000, 20_000_000_000} {
		if err := save(r, step, 100); err != nil {
			t.Fatal(err)
		}
		if w := wantState(t, r, step, 100); len(w) > 0 {
			t.Error(w)
		}
	}
	if got := files(t, r); !slices.Equal(got, []string{"1000000000", "20000000000"}) {
		t.Errorf("kept %q", got)
	}
	err = save(r, 999, 100)
	wantError(t, err, nil, "20000000000.safetensors", "a later state than that of step 999")
	r.Keep = 4
	for step := range int64(6) {
		if err := save(r, 20_000_000_000+step, 1); err != nil {
			t.Fatal(err)
		}
	}
	if got := files(t, r); len(got) != 4 || got[3] != "20000000005" {
		t.Errorf("kept %q", got)
	}
	r.Keep = 1
	if err := save(r, 20_000_000_006, 1); err != nil {
		t.Fatal(err)
	}
	if got := files(t, r); !slices.Equal(got, []string{"20000000006"}) {
		t.Errorf("kept %q", got)
	}
	for _, name := range []string{"1.safetensors", "-00000001.safetensors", "+00000001.safetensors", "000000001.json", "000000001", "99999999999999999999.safetensors"} {
		if step, ok := stepOf(name); ok {
			t.Errorf("%s taken for step %d", name, step)
		}
	}
}

// TestDamagedStates damages the newest in every way that disks, people and strangers have.
func TestDamagedStates(t *testing.T) {
	for _, c := range []struct {
		what   string
		damage func(path string)
		words  string
	}{
		{"cut", func(path string) { os.Truncate(path, 900) }, "cut short"},
		{"empty", func(path string) { os.Truncate(path, 0) }, "too few"},
		{"zeros", func(path string) {
			info, _ := os.Stat(path)
			os.WriteFile(path, make([]byte, info.Size()), 0o666)
		}, "is it a safetensors file?"},
		{"bit", func(path string) {
			b, _ := os.ReadFile(path)
			b[len(b)-100] ^= 4
			os.WriteFile(path, b, 0o666)
		}, "damaged: the data do not match"},
		{"header", func(path string) {
			b, _ := os.ReadFile(path)
			b[40] ^= 4
			os.WriteFile(path, b, 0o666)
		}, "damaged: the header does not match"},
		{"other step", func(path string) {
			os.Rename(filepath.Join(filepath.Dir(path), stateName(1)), path)
			os.WriteFile(filepath.Join(filepath.Dir(path), stateName(0)), nil, 0o666)
		}, `renamed: it holds step "1"`},
		{"no sums", func(path string) {
			os.WriteFile(path, build(`{"__metadata__":{"inkling.step":"3","inkling.state":"{}"}}`, nil), 0o666)
		}, "no checksums"},
		{"folder", func(path string) { os.Remove(path); os.Mkdir(path, 0o777) }, "not a regular file"},
		{"link", func(path string) { os.Remove(path); os.Symlink("/dev/zero", path) }, "leads out of the folder"},
	} {
		t.Run(c.what, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "run")
			r := newRun(t, dir)
			r.Keep = 3
			for step := int64(1); step <= 3; step++ {
				if err := save(r, step, 1000); err != nil {
					t.Fatal(err)
				}
			}
			c.damage(filepath.Join(dir, stateDir, stateName(3)))
			r.Close()
			r, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			// Refused until it is known that the later one is damaged: no state is lost by mistake.
			wantError(t, save(r, 2, 1000), nil, "a later state")
			warnings := wantState(t, r, 2, 1000)
			if len(warnings) != 1 || !strings.Contains(warnings[0], c.words) || !strings.Contains(warnings[0], "000000003") || !strings.HasSuffix(warnings[0], "going on from step 2") {
				t.Errorf("warnings %q, want %q", warnings, c.words)
			}
			// The damaged one does not count as one of those to keep, and goes.
			r.Keep = 1
			if err := save(r, 2, 1000); err != nil {
				t.Fatal(err)
			}
			if got := files(t, r); c.what != "folder" && !slices.Equal(got, []string{"000000002"}) {
				t.Errorf("kept %q", got)
			}
			if w := wantState(t, r, 2, 1000); c.what != "folder" && len(w) > 0 {
				t.Errorf("warnings %q", w)
			}
		})
	}
}

func TestAllStatesDamaged(t *testing.T) {
	r := newRun(t, filepath.Join(t.TempDir(), "run"))
	for step := int64(1); step <= 2; step++ {
		if err := save(r, step, 10); err != nil {
			t.Fatal(err)
		}
		os.Truncate(filepath.Join(r.Dir(), stateDir, stateName(step)), 100)
	}
	_, _, _, _, err := r.LatestState()
	wantError(t, err, ErrFormat, "000000001.safetensors: cut short", "000000002.safetensors: cut short", "delete the folder")
	if errors.Is(err, ErrNoState) {
		t.Error("damaged states are taken for none: the run would begin anew")
	}
}

func TestMetrics(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	r := newRun(t, dir)
	read := func() string { b, _ := os.ReadFile(filepath.Join(dir, metricsName)); return string(b) }
	add := func(line string) {
		t.Helper()
		if err := r.AppendMetrics([]byte(line)); err != nil {
			t.Fatal(err)
		}
		if r.MetricsSize() != int64(len(read())) {
			t.Errorf("size %d of %q", r.MetricsSize(), read())
		}
	}
	if err := r.TruncateMetrics(0); err != nil || r.MetricsSize() != 0 {
		t.Error(err, r.MetricsSize())
	}
	add(`{"step":1}`)
	size := r.MetricsSize()
	add(`{"step":2}`)
	r.Close()
	// A line cut in two by a kill.
	f, _ := os.OpenFile(filepath.Join(dir, metricsName), os.O_APPEND|os.O_WRONLY, 0)
	f.WriteString(`{"st`)
	f.Close()
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.MetricsSize() != int64(len(read())) {
		t.Errorf("size %d of %q", r.MetricsSize(), read())
	}
	if err := r.TruncateMetrics(size); err != nil || read() != "{\"step\":1}\n" {
		t.Errorf("%q, %v", read(), err)
	}
	add(`{"step":2,"again":true}`)
	if read() != "{\"step\":1}\n{\"step\":2,\"again\":true}\n" {
		t.Errorf("%q", read())
	}
	wantError(t, r.TruncateMetrics(1000), nil, "35 bytes where the state counts on 1000")
	wantError(t, r.TruncateMetrics(-1), nil, "counts on -1")
	defer func() {
		if recover() == nil {
			t.Error("a line break was taken")
		}
	}()
	r.AppendMetrics([]byte("a\nb"))
}

// TestMetricsBeforeState: the metrics are on disk before the state that counts on them.
func TestMetricsBeforeState(t *testing.T) {
	r := newRun(t, filepath.Join(t.TempDir(), "run"))
	var order []string
	defer SetFaults(&Faults{
		Sync:   func(file string) error { order = append(order, "sync "+file); return nil },
		Rename: func(file string) error { order = append(order, "rename "+file); return nil },
	})()
	r.AppendMetrics([]byte("{}"))
	save(r, 1, 1)
	save(r, 2, 1)
	state := func(s string) []string { return []string{"sync state/" + s, "rename state/" + s, "sync state"} }
	want := slices.Concat([]string{"sync .", "sync metrics.jsonl"}, state(stateName(1)), state(stateName(2)))
	if !slices.Equal(order, want) {
		t.Errorf("got  %q\nwant %q", order, want)
	}
}

// TestMetricsFault: of a line that does not fit, nothing stays.
func TestMetricsFault(t *testing.T) {
	r := newRun(t, filepath.Join(t.TempDir(), "run"))
	r.AppendMetrics([]byte(`{"step":1}`))
	restore := SetFaults(&Faults{Write: func(string, int64, int) (int, error) { return 3, syscall.ENOSPC }})
	err := r.AppendMetrics([]byte(`{"step":2}`))
	restore()
	if diskFull(syscall.ENOSPC) {
		wantError(t, err, syscall.ENOSPC, metricsName, "the disk is full", "inkling resume")
	}
	r.AppendMetrics([]byte(`{"step":3}`))
	b, _ := os.ReadFile(filepath.Join(r.Dir(), metricsName))
	if string(b) != "{\"step\":1}\n{\"step\":3}\n" || r.MetricsSize() != int64(len(b)) {
		t.Errorf("%q, size %d", b, r.MetricsSize())
	}
}

// TestLatestMeta wants the meta of the newest state with a sound header.
func TestLatestMeta(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	r := newRun(t, dir)
	_, _, err := r.LatestMeta()
	wantError(t, err, ErrNoState, "no state")
	for _, step := range []int64{5, 1_000_000_000} {
		if err := save(r, step, 100_000); err != nil {
			t.Fatal(err)
		}
	}
	reader, err := OpenRead(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	expect := func(want int64) {
		t.Helper()
		step, meta, err := reader.LatestMeta()
		if err != nil || step != want || string(meta) != fmt.Sprintf(`{"step":%d}`, want) {
			t.Errorf("step %d, %s, %v: want %d", step, meta, err, want)
		}
	}
	expect(1_000_000_000)
	damage := func(step int64, at int64) {
		t.Helper()
		file, err := os.OpenFile(filepath.Join(dir, stateDir, stateName(step)), os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		b := make([]byte, 1)
		if _, err := file.ReadAt(b, at); err != nil {
			t.Fatal(err)
		}
		b[0] ^= 1
		if _, err := file.WriteAt(b, at); err != nil {
			t.Fatal(err)
		}
	}
	damage(1_000_000_000, 5000) // in the tensors, which are not looked at
	expect(1_000_000_000)
	damage(1_000_000_000, 20)
	expect(5)
	damage(5, 20)
	_, _, err = reader.LatestMeta()
	wantError(t, err, ErrFormat, "1000000000.safetensors")

	if err := os.RemoveAll(filepath.Join(dir, stateDir)); err != nil {
		t.Fatal(err)
	}
	_, _, err = reader.LatestMeta()
	wantError(t, err, ErrNoState, "no state")
	if err := os.WriteFile(filepath.Join(dir, stateDir), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	_, _, err = reader.LatestMeta()
	wantError(t, err, ErrFormat, "not a folder")
}
