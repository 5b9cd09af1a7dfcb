package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// newRun creates a run with a config.
func newRun(t testing.TB, dir string) *Run {
	t.Helper()
	r, err := Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.WriteFile(configName, []byte("{}\n")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// temps are the temporary files that are anywhere in a run.
func temps(t testing.TB, dir string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && isTemp(e.Name()) {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// wantError checks that an error is one line, of a kind if not nil, with all the words.
func wantError(t testing.TB, err, kind error, words ...string) {
	t.Helper()
	if err == nil || strings.Contains(err.Error(), "\n") || kind != nil && !errors.Is(err, kind) {
		t.Errorf("error %q, want one line of kind %v", fmt.Sprint(err), kind)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q lacks %q", err, w)
		}
	}
}

func TestCreate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs", "of", "me")
	r, err := Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Writable(); err != nil {
		t.Error(err)
	}
	// A second one at the same time, and one after it was killed before its config.
	_, err = Create(dir)
	wantError(t, err, ErrInUse, dir, fmt.Sprintf("process %d is at work", os.Getpid()))
	os.WriteFile(filepath.Join(dir, tempPrefix+"config.json-1"+tempSuffix), nil, 0o666)
	r.Close()
	r = newRun(t, dir)
	if left := temps(t, dir); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	r.Close()
	_, err = Create(dir)
	wantError(t, err, ErrExists, dir, "inkling resume "+dir, "--out")
	// Without the config, a state still makes a run.
	os.Remove(filepath.Join(dir, configName))
	os.WriteFile(filepath.Join(dir, stateDir, stateName(3)), nil, 0o666)
	_, err = Create(dir)
	wantError(t, err, ErrExists, "inkling resume")

	other := t.TempDir()
	os.WriteFile(filepath.Join(other, "thesis.tex"), []byte("x"), 0o666)
	_, err = Create(other)
	wantError(t, err, ErrExists, "not empty", "thesis.tex", "--out")
	if entries, _ := os.ReadDir(other); len(entries) != 1 {
		t.Errorf("something was put into a folder of others: %v", entries)
	}
	_, err = Create(filepath.Join(other, "thesis.tex"))
	wantError(t, err, nil, "a file that is no folder", "--out")
	_, err = Create(filepath.Join(other, "thesis.tex", "run"))
	wantError(t, err, nil, "a file that is no folder", "--out")
}

func TestOpen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	_, err := Open(dir)
	wantError(t, err, fs.ErrNotExist, dir, "there is no such folder")
	os.Mkdir(dir, 0o777)
	_, err = Open(dir)
	wantError(t, err, ErrNoRun, "no config.json")
	if entries, _ := os.ReadDir(dir); len(entries) > 0 {
		t.Errorf("Open put something into a folder that is no run: %v", entries)
	}
	_, err = OpenRead(dir)
	wantError(t, err, ErrNoRun, "no config.json")
	os.WriteFile(filepath.Join(dir, "file"), nil, 0o666)
	_, err = Open(filepath.Join(dir, "file"))
	wantError(t, err, nil, "no folder")
	os.Remove(filepath.Join(dir, "file"))

	r := newRun(t, dir)
	_, err = Open(dir)
	wantError(t, err, ErrInUse, fmt.Sprintf("process %d is at work", os.Getpid()))
	reader, err := OpenRead(dir) // reading is allowed meanwhile
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if b, err := reader.ReadFile(configName); err != nil || string(b) != "{}\n" || reader.Dir() != dir {
		t.Error(b, err)
	}
	for _, name := range []string{tempPrefix + "x" + tempSuffix, filepath.Join(stateDir, tempPrefix+"y"+tempSuffix)} {
		os.WriteFile(filepath.Join(dir, name), []byte("half"), 0o666)
	}
	r.Close()
	if r, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if left := temps(t, dir); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	if err := r.Writable(); err != nil || len(temps(t, dir)) > 0 {
		t.Error(err, temps(t, dir))
	}
	for what, f := range map[string]func(){
		"SaveState":       func() { reader.SaveState(1, []byte("{}"), nil) },
		"SaveModel":       func() { reader.SaveModel(nil, nil) },
		"WriteFile":       func() { reader.WriteFile("x", nil) },
		"AppendMetrics":   func() { reader.AppendMetrics(nil) },
		"TruncateMetrics": func() { reader.TruncateMetrics(0) },
		"Writable":        func() { reader.Writable() },
	} {
		func() {
			defer func() {
				if p := fmt.Sprint(recover()); !strings.Contains(p, what+" of a run opened for reading") {
					t.Errorf("%s: %s", what, p)
				}
			}()
			f()
		}()
	}
}

// TestMovedRun: the run goes on in a folder that is moved while it runs.
func TestMovedRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	r := newRun(t, dir)
	if err := os.Rename(dir, dir+"-moved"); err != nil {
		t.Skip("an open folder cannot be moved here") // Windows
	}
	if err := r.SaveState(1, []byte("{}"), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir+"-moved", stateDir, stateName(1))); err != nil {
		t.Error(err)
	}
	os.RemoveAll(dir + "-moved")
	wantError(t, r.SaveState(2, []byte("{}"), nil), fs.ErrNotExist, "moved or deleted")
}

func TestFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	r := newRun(t, dir)
	for _, text := range []string{"first", "a second one", ""} {
		if err := r.WriteFile("tokenizer.json", []byte(text)); err != nil {
			t.Fatal(err)
		}
		if b, err := r.ReadFile("tokenizer.json"); err != nil || string(b) != text {
			t.Errorf("%q, %v", b, err)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "tokenizer.json")); err != nil || info.Mode().Perm()&0o400 == 0 || info.Mode().Perm()&0o111 != 0 {
		t.Error(info.Mode(), err)
	}
	_, err := r.ReadFile("none.json")
	wantError(t, err, fs.ErrNotExist, filepath.Join(dir, "none.json"), "there is no such file")
	for _, name := range []string{"", ".", "..", "../x", "/etc/passwd", "state/000000001.safetensors", `..\x`, "a/../b", ".hidden", "lock", "state", "metrics.jsonl"} {
		_, err := r.ReadFile(name)
		wantError(t, err, ErrFormat, quote(name))
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("WriteFile took the name %q", name)
				}
			}()
			r.WriteFile(name, nil)
		}()
	}
	large := filepath.Join(dir, "large.json")
	os.WriteFile(large, nil, 0o666)
	os.Truncate(large, MaxFile+1)
	used := allocated(func() { _, err = r.ReadFile("large.json") })
	wantError(t, err, ErrFormat, "large.json", "more than 33554432")
	if used > 1<<20 {
		t.Errorf("%d bytes allocated for a file that is refused", used)
	}
	os.Truncate(large, MaxFile)
	if b, err := r.ReadFile("large.json"); err != nil || len(b) != MaxFile {
		t.Error(len(b), err)
	}
}

// TestNothingOutside: links out of the folder, folders and the like are not read.
func TestNothingOutside(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "run")
	r := newRun(t, dir)
	want := []Tensor{{"w", []int{1}, []float32{5}}}
	if err := r.SaveModel(want, nil); err != nil {
		t.Fatal(err)
	}
	os.Rename(filepath.Join(dir, modelName), filepath.Join(base, "secret"))
	link := func(to, name string) {
		os.Remove(filepath.Join(dir, name))
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Skip("no symbolic links here:", err)
		}
	}
	for _, to := range []string{"../secret", filepath.Join(base, "secret"), "state/../../secret", "nowhere", "/dev/zero"} {
		link(to, modelName)
		link(to, "tokenizer.json")
		_, _, err := r.LoadModel()
		wantError(t, err, ErrFormat, modelName, "link that leads out of the folder")
		_, err = r.ModelHeader()
		wantError(t, err, ErrFormat, "link that leads out of the folder")
		_, err = r.ReadFile("tokenizer.json")
		wantError(t, err, ErrFormat, "link that leads out of the folder")
	}
	// A link within the folder is fine, and is replaced, not followed, when written.
	os.Rename(filepath.Join(base, "secret"), filepath.Join(dir, "best"))
	link("best", modelName)
	if got, _, err := r.LoadModel(); err != nil || !equal(got, want) {
		t.Error(got, err)
	}
	os.WriteFile(filepath.Join(base, "outside"), []byte("mine"), 0o666)
	link("../outside", "README.md")
	if err := r.WriteFile("README.md", []byte("card")); err != nil {
		t.Error(err)
	}
	if b, _ := os.ReadFile(filepath.Join(base, "outside")); string(b) != "mine" {
		t.Errorf("written through a link: %q", b)
	}
	// Metrics are appended in place: not through a link.
	link("../outside", metricsName)
	wantError(t, r.AppendMetrics([]byte("{}")), nil, metricsName, "not written")
	os.Remove(filepath.Join(dir, metricsName))
	// A folder in place of a file, and the other way round.
	os.Mkdir(filepath.Join(dir, "tokenizer.model"), 0o777)
	_, err := r.ReadFile("tokenizer.model")
	wantError(t, err, ErrFormat, "not a regular file")
	os.RemoveAll(filepath.Join(dir, stateDir))
	os.Symlink("..", filepath.Join(dir, stateDir))
	_, _, _, _, err = r.LatestState()
	wantError(t, err, nil, stateDir)
	wantError(t, r.SaveState(1, []byte("{}"), want), nil, "not written")
	// The lock itself leads away.
	r.Close()
	link("../outside", lockName)
	_, err = Open(dir)
	wantError(t, err, nil, dir)
	if b, _ := os.ReadFile(filepath.Join(base, "outside")); string(b) != "mine" {
		t.Errorf("written through a link: %q", b)
	}
}

func TestModel(t *testing.T) {
	r := newRun(t, filepath.Join(t.TempDir(), "run"))
	rng := rand.New(rand.NewPCG(5, 6))
	for range 2 {
		want := []Tensor{filled(rng, "b", 3, 4), filled(rng, "a", 100_000)}
		if err := r.SaveModel(want, map[string]string{"format": "pt"}); err != nil {
			t.Fatal(err)
		}
		got, meta, err := r.LoadModel()
		if err != nil || !equal(got, want) || meta["format"] != "pt" || len(meta) != 1 {
			t.Fatal(meta, err)
		}
	}
	h, err := r.ModelHeader()
	if err != nil || len(h.Tensors) != 2 || h.Tensors[0].Name != "b" || !slices.Equal(h.Tensors[0].Shape, []int{3, 4}) || h.Tensors[1].Elements() != 100_000 {
		t.Errorf("%+v, %v", h, err)
	}
	// Cheap: the header of a model whose data are a hole on disk, larger than the memory used.
	name := filepath.Join(r.Dir(), modelName)
	const elements = 8 << 30
	os.WriteFile(name, build(fmt.Sprintf(`{"w":{"dtype":"F32","shape":[%d],"data_offsets":[0,%d]}}`, elements, 4*elements), nil), 0o666)
	info, _ := os.Stat(name)
	if err := os.Truncate(name, info.Size()+4*elements); err == nil {
		used := allocated(func() { h, err = r.ModelHeader() })
		if err != nil || h.Tensors[0].Elements() != elements || used > 1<<20 {
			t.Errorf("%+v, %v, %d bytes allocated", h, err, used)
		}
	}
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	read := func() string { b, _ := os.ReadFile(filepath.Join(dir, "out.svg")); return string(b) }
	hello := func(w io.Writer) error { _, err := io.WriteString(w, "hello"); return err }
	if err := WriteFile(dir, "out.svg", hello); err != nil || read() != "hello" {
		t.Error(read(), err)
	}
	bad := errors.New("half way")
	err := WriteFile(dir, "out.svg", func(w io.Writer) error { io.WriteString(w, "hal"); return bad })
	wantError(t, err, bad, filepath.Join(dir, "out.svg"), "half way")
	func() {
		defer func() { recover() }()
		WriteFile(dir, "out.svg", func(w io.Writer) error { io.WriteString(w, "hal"); panic("no") })
	}()
	if read() != "hello" || len(temps(t, dir)) > 0 {
		t.Error(read(), temps(t, dir))
	}
	wantError(t, WriteFile(dir, "../out.svg", hello), nil, "out.svg")
	wantError(t, WriteFile(filepath.Join(dir, "none"), "out.svg", hello), fs.ErrNotExist, "no such folder")
}
