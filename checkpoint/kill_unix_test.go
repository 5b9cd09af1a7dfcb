//go:build unix

package checkpoint

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test binary runs itself as another process, which finds here what it is to do.
const (
	childJob = "CHECKPOINT_TEST_JOB"
	childDir = "CHECKPOINT_TEST_DIR"
)

func TestMain(m *testing.M) {
	jobs := map[string]func(dir string) error{"train": trainUntilKilled, "hold": holdLock, "limit": saveBeyondLimit}
	job, ok := jobs[os.Getenv(childJob)]
	if !ok {
		os.Exit(m.Run())
	}
	if err := job(os.Getenv(childDir)); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// A child is another process of this test binary.
type child struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner // of its standard output
}

func start(t *testing.T, job, dir string) *child {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childJob+"="+job, childDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	return &child{cmd, bufio.NewScanner(out)}
}

const killElements = 60_000 // a state of 480 kB: a header and two chunks

// metricsOf is the line of a step.
func metricsOf(step int64) []byte { return fmt.Appendf(nil, `{"step":%d}`, step) }

// goOn opens a run, checks that what is there is the state of an undisturbed run, and
// cuts the metrics back to it.
func goOn(dir string) (r *Run, step int64, err error) {
	if r, err = Open(dir); err != nil {
		return nil, 0, err
	}
	step, meta, tensors, warnings, err := r.LatestState()
	switch {
	case errors.Is(err, ErrNoState):
		step, meta = 0, []byte("0")
	case err != nil:
		return nil, 0, err
	case !equal(tensors, tensorsOf(step, killElements)):
		return nil, 0, fmt.Errorf("the state of step %d holds other numbers", step)
	}
	if len(warnings) > 0 {
		return nil, 0, fmt.Errorf("warnings: %q", warnings)
	}
	size, err := strconv.ParseInt(string(meta), 10, 64)
	if err != nil {
		return nil, 0, err
	}
	if err := r.TruncateMetrics(size); err != nil {
		return nil, 0, err
	}
	var want []byte
	for s := int64(1); s <= step; s++ {
		want = append(append(want, metricsOf(s)...), '\n')
	}
	if got, err := os.ReadFile(filepath.Join(dir, metricsName)); !bytes.Equal(got, want) && (err == nil || step > 0) {
		return nil, 0, fmt.Errorf("step %d: metrics %q, %v", step, got, err)
	}
	return r, step, nil
}

// trainUntilKilled saves a state a step, slowly, and says so after each.
func trainUntilKilled(dir string) error {
	r, step, err := goOn(dir)
	if err != nil {
		return err
	}
	SetFaults(&Faults{
		Write:  func(string, int64, int) (int, error) { time.Sleep(2 * time.Millisecond); return 0, nil },
		Sync:   func(string) error { time.Sleep(time.Millisecond); return nil },
		Rename: func(string) error { time.Sleep(time.Millisecond); return nil },
	})
	for {
		step++
		if err := r.AppendMetrics(metricsOf(step)); err != nil {
			return err
		}
		size := strconv.AppendInt(nil, r.MetricsSize(), 10)
		if err := r.SaveState(step, size, tensorsOf(step, killElements)); err != nil {
			return err
		}
		fmt.Println("saved", step)
	}
}

// TestKilled kills a process that saves states at random instants, also in the middle of
// a write. After each kill the folder opens, and holds, whole, the state that was last
// said to be saved, or the one after it.
func TestKilled(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	newRun(t, dir).Close()
	seed := uint64(time.Now().UnixNano())
	rng := rand.New(rand.NewPCG(seed, 0))
	inWrite, last := 0, int64(0)
	for kill := range 20 {
		c := start(t, "train", dir)
		saved := last
		// Three quarters of the kills come after the child's first state, others at any time.
		var clock *time.Timer
		wind := func() {
			after := time.Duration(rng.IntN(60_000)) * time.Microsecond
			clock = time.AfterFunc(after, func() { c.cmd.Process.Kill() })
		}
		if kill%4 == 0 {
			wind()
		}
		for c.lines.Scan() {
			if clock == nil {
				wind()
			}
			text, ok := strings.CutPrefix(c.lines.Text(), "saved ")
			step, err := strconv.ParseInt(text, 10, 64)
			if !ok || err != nil {
				t.Fatalf("seed %d, kill %d: the child says %q", seed, kill, c.lines.Text())
			}
			saved = step
		}
		c.cmd.Wait()
		if len(temps(t, dir)) > 0 {
			inWrite++
		}
		r, step, err := goOn(dir)
		if err != nil {
			t.Fatalf("seed %d, kill %d: %v", seed, kill, err)
		}
		if step != saved && step != saved+1 {
			t.Fatalf("seed %d, kill %d: step %d was saved, and %d is there", seed, kill, saved, step)
		}
		if left := temps(t, dir); len(left) > 0 {
			t.Fatalf("seed %d, kill %d: left behind: %q", seed, kill, left)
		}
		r.Close()
		last = step
	}
	t.Logf("%d of 20 kills in the middle of a write, %d states", inWrite, last)
	if inWrite == 0 || last == 0 {
		t.Errorf("%d kills in the middle of a write, %d states: this tests nothing", inWrite, last)
	}
}

// holdLock opens a run and waits to be killed.
func holdLock(dir string) error {
	r, err := Open(dir)
	if err != nil {
		return err
	}
	defer r.Close()
	fmt.Println("open")
	time.Sleep(time.Minute)
	return nil
}

func TestLockOfAnotherProcess(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	r := newRun(t, dir)
	// The child is refused while this process has the run,
	c := start(t, "hold", dir)
	c.lines.Scan()
	if want := fmt.Sprintf("process %d is at work on this run", os.Getpid()); !strings.Contains(c.lines.Text(), want) {
		t.Errorf("the child says %q, want %q", c.lines.Text(), want)
	}
	c.cmd.Wait()
	r.Close()
	// has it after Close,
	c = start(t, "hold", dir)
	if c.lines.Scan(); c.lines.Text() != "open" {
		t.Fatalf("the child says %q", c.lines.Text())
	}
	_, err := Open(dir)
	wantError(t, err, ErrInUse, dir, fmt.Sprintf("process %d is at work", c.cmd.Process.Pid))
	_, err = Create(dir)
	wantError(t, err, nil, "--out")
	// and loses it with its life.
	c.cmd.Process.Kill()
	c.cmd.Wait()
	r, err = Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
}

// saveBeyondLimit saves a state that is larger than a file may be.
func saveBeyondLimit(dir string) error {
	r, err := Open(dir)
	if err != nil {
		return err
	}
	defer r.Close()
	limit := syscall.Rlimit{Cur: 600_000, Max: 600_000}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	return save(r, 2, killElements*2)
}

func TestFileSizeLimit(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	r := newRun(t, dir)
	if err := save(r, 1, 1000); err != nil {
		t.Fatal(err)
	}
	r.Close()
	c := start(t, "limit", dir)
	c.lines.Scan()
	wantError(t, errors.New(c.lines.Text()), nil, stateName(2), "larger than this system allows", "what was saved before is intact", "ulimit -f", "inkling resume "+dir)
	c.cmd.Wait()
	if left := temps(t, dir); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	wantState(t, r, 1, 1000)
}

// TestNamedPipe: opening one does not wait for a writer.
func TestNamedPipe(t *testing.T) {
	r := newRun(t, filepath.Join(t.TempDir(), "run"))
	for _, name := range []string{modelName, "tokenizer.json", metricsName, filepath.Join(stateDir, stateName(1))} {
		if err := syscall.Mkfifo(filepath.Join(r.Dir(), name), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	done := make(chan bool)
	go func() {
		defer close(done)
		_, _, err := r.LoadModel()
		wantError(t, err, ErrFormat, "not a regular file")
		_, err = r.ReadFile("tokenizer.json")
		wantError(t, err, ErrFormat, "not a regular file")
		wantError(t, r.AppendMetrics([]byte("{}")), nil, metricsName, "not written")
		_, _, _, _, err = r.LatestState()
		wantError(t, err, ErrFormat, "not a regular file")
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("waits at a named pipe")
	}
}
