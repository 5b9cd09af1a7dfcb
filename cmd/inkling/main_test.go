package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"inkling/checkpoint"
)

// The tests run the program as a user would: it is built once, and each test has a folder of its own.

var binary string

func TestMain(m *testing.M) {
	for variable, job := range jobs {
		if os.Getenv(variable) != "" {
			os.Exit(job())
		}
	}
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "inkling-test-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		if err := os.Chmod(dir, 0o755); err != nil { // for the user of TestUnwritable
			panic(err)
		}
		binary = filepath.Join(dir, "inkling.exe") // which Windows needs and others do not mind
		if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// jobs are what this test binary does, when it is begun anew with the variable of one, instead of testing.
var jobs = map[string]func() int{slowly: runSlowly}

// slowly makes this binary the program itself, with a disk so slow that it can be stopped in the middle of
// anything.
const slowly = "SLOW_DISK"

func runSlowly() int {
	pause := func() { time.Sleep(4 * time.Millisecond) }
	checkpoint.SetFaults(&checkpoint.Faults{
		Write:  func(string, int64, int) (int, error) { pause(); return 0, nil },
		Sync:   func(string) error { pause(); return nil },
		Rename: func(string) error { pause(); return nil },
	})
	return run(os.Args[1:], os.Stdout, os.Stderr)
}

// slow is command with a slow disk.
func (f *folder) slow(args ...string) (cmd *exec.Cmd, out, stderr *bytes.Buffer) {
	cmd, out, stderr = f.command(args...)
	cmd.Path = os.Args[0]
	cmd.Env = append(cmd.Env, slowly+"=1")
	return cmd, out, stderr
}

// folder is a place to run the program in.
type folder struct {
	*testing.T
	dir string
	env []string
	in  string
}

// newFolder has a text.txt to learn from.
func newFolder(t *testing.T) *folder {
	t.Parallel()
	f := &folder{T: t, dir: t.TempDir()}
	f.write("text.txt", sampleText(12_000, 1))
	return f
}

func (f *folder) write(name, text string) {
	f.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o666); err != nil {
		f.Fatal(err)
	}
}

func (f *folder) read(name string) []byte {
	f.Helper()
	b, err := os.ReadFile(filepath.Join(f.dir, name))
	if err != nil {
		f.Fatal(err)
	}
	return b
}

// list is the names in a folder, sorted.
func (f *folder) list(name string) (names []string) {
	f.Helper()
	entries, err := os.ReadDir(filepath.Join(f.dir, name))
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// hash is short enough for a message.
func hash(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:8]
}

func (f *folder) exists(name string) bool {
	_, err := os.Lstat(filepath.Join(f.dir, name))
	return err == nil
}

// result is what a command printed and how it ended.
type result struct {
	out, err string
	code     int
}

func (f *folder) command(args ...string) (cmd *exec.Cmd, out, stderr *bytes.Buffer) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute) // what should fail may do what it was told
	f.Cleanup(cancel)
	cmd = exec.CommandContext(ctx, binary, args...)
	cmd.Dir = f.dir
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "INKLING_") || strings.HasPrefix(v, "INKLING_ISA=") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, f.env...)
	out, stderr = new(bytes.Buffer), new(bytes.Buffer)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(f.in), out, stderr
	return cmd, out, stderr
}

func (f *folder) run(args ...string) result {
	f.Helper()
	cmd, out, stderr := f.command(args...)
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		f.Fatal(err)
	}
	return result{out.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// must runs a command that is to end well.
func (f *folder) must(args ...string) result {
	f.Helper()
	r := f.run(args...)
	if r.code != 0 {
		f.Fatalf("inkling %s: exit code %d\n%s%s", strings.Join(args, " "), r.code, r.out, r.err)
	}
	return r
}

// json runs a command with --json, whose standard output must be one JSON value and no more.
func (f *folder) json(v any, args ...string) result {
	f.Helper()
	r := f.must(append(args, "--json")...)
	d := json.NewDecoder(strings.NewReader(r.out))
	if err := d.Decode(v); err != nil {
		f.Fatalf("inkling %s: %v in %q", strings.Join(args, " "), err, r.out)
	}
	if d.More() {
		f.Fatalf("inkling %s printed more than one value: %q", strings.Join(args, " "), r.out)
	}
	return r
}

// contains fails if any of the texts is not in s.
func (f *folder) contains(s string, texts ...string) {
	f.Helper()
	for _, text := range texts {
		if !strings.Contains(s, text) {
			f.Errorf("%q is missing in:\n%s", text, s)
		}
	}
}

// small are the flags of a model that trains in no time.
var small = strings.Fields("--hidden 16 --batch 4 --time 16 --shards 2 --validations 4")

func trainArgs(out string, more ...string) []string {
	args := append([]string{"train", "lm", "text.txt", "--out", out}, small...)
	return append(args, more...)
}

// trainedFolder has a model in it, called model.
func trainedFolder(t *testing.T) *folder {
	f := newFolder(t)
	f.must(trainArgs("model", "--steps", "80")...)
	return f
}

// sampleText is sentences of a few words in random order: something to learn, little to hold.
func sampleText(length int, seed uint64) string {
	r := rand.New(rand.NewPCG(seed, 0))
	words := strings.Fields("the rays of light which fall upon a glass are bent more or less by its colour and so pass on to the eye")
	var b strings.Builder
	for b.Len() < length {
		n := 4 + r.IntN(8)
		for i := range n {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(words[r.IntN(len(words))])
		}
		b.WriteString(".\n")
	}
	return b.String()[:length]
}
