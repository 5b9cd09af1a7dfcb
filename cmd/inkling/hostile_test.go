//go:build linux

package main

import (
	endian "encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"inkling/checkpoint"
)

// Folders that a stranger may send: each is the model of a short training with one thing in it that is
// not right. What the program says of each is in testdata/hostile.golden, to be read as a whole.

// Every folder is refused within these. The time is what a test can hold on a busy machine; on a quiet
// one the slowest, which the test prints, takes less than a tenth of it.
const (
	hostileMemory = 64 << 20 // bytes, the most that the process held at a time
	hostileTime   = time.Second
	fewestHostile = 100
)

// A hostile is one folder and how it is spoilt.
type hostile struct {
	name    string
	command []string // but for the folder
	spoil   func(m *hostileModel)
}

func TestHostileModels(t *testing.T) {
	f := trainedFolder(t)
	base := readHostile(f)
	cases := hostileFolders(base)
	if len(cases) < fewestHostile {
		t.Errorf("%d folders, at least %d were promised", len(cases), fewestHostile)
	}
	refused(f, base, cases, "hostile.golden")
}

// refused wants every folder to be refused, in words and cheaply.
func refused(f *folder, base *hostileModel, cases []hostile, goldenFile string) {
	t := f.T
	floor := f.measure("version")
	results := make([]measured, len(cases))
	var workers sync.WaitGroup
	next := make(chan int)
	for range 4 {
		workers.Go(func() {
			for i := range next {
				c := cases[i]
				dir := filepath.Join(f.dir, c.name)
				c.spoil(base.copy(dir))
				args := append(slices.Clone(c.command), c.name)
				if c.command[0] == "eval" {
					args = append(args, "text.txt")
				}
				results[i] = f.measure(args...)
				if err := os.RemoveAll(dir); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range cases {
		next <- i
	}
	close(next)
	workers.Wait()

	var golden strings.Builder
	var slowest, largest int
	for i, c := range cases {
		r := results[i]
		line, more, _ := strings.Cut(r.err, "\n")
		named := slices.ContainsFunc([]string{"config.json", "tokenizer.json", "model.safetensors", "metrics.jsonl", "tensor "}, func(s string) bool { return strings.Contains(line, s) })
		switch {
		case r.out != "" || r.code != codeInput && r.code != codeIO:
			t.Errorf("%s: exit code %d, on standard output %.300q", c.name, r.code, r.out)
		case !strings.HasPrefix(line, "inkling: ") || more != "" || len(line) > 600:
			t.Errorf("%s: not one line: %.1000q", c.name, r.err)
		case !named:
			t.Errorf("%s: neither a file nor a tensor is named: %s", c.name, line)
		case r.Memory > hostileMemory:
			t.Errorf("%s: %s of memory", c.name, sizeOf(r.Memory))
		case r.CPU > hostileTime:
			t.Errorf("%s: %v of processor time", c.name, r.CPU)
		}
		if r.CPU > results[slowest].CPU {
			slowest = i
		}
		if r.Memory > results[largest].Memory {
			largest = i
		}
		fmt.Fprintf(&golden, "$ inkling %s %s\n%d %s\n", strings.Join(c.command, " "), c.name, r.code, f.anywhere(line))
	}
	t.Logf("%d folders; the slowest, %s, took %v of processor time; the largest, %s, %s; a program that does nothing takes %v and %s", len(cases),
		cases[slowest].name, results[slowest].CPU, cases[largest].name, sizeOf(results[largest].Memory), floor.CPU, sizeOf(floor.Memory))
	compareGolden(t, goldenFile, golden.String())
}

// compareGolden holds a text against a file of testdata.
func compareGolden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("not what %s says (go test -update writes it anew):\n%s", file, difference(string(want), got))
	}
}

// A hostileTensor is a tensor of the model with its place in the file.
type hostileTensor struct {
	name  string
	dtype string
	shape []int
	bits  []byte // as the file has them
}

// A hostileModel is a folder to be spoilt.
type hostileModel struct {
	*folder
	dir               string
	config, tokenizer string
	weights           []byte // with checksums, as they were saved
	tensors           []hostileTensor
}

// readHostile reads the model of a trained folder.
func readHostile(f *folder) *hostileModel {
	m := &hostileModel{folder: f, config: string(f.read("model/config.json")), weights: f.read("model/model.safetensors")}
	if f.exists("model/tokenizer.json") {
		m.tokenizer = string(f.read("model/tokenizer.json"))
	}
	run, err := checkpoint.OpenRead(filepath.Join(f.dir, "model"))
	if err != nil {
		f.Fatal(err)
	}
	defer run.Close()
	tensors, _, err := run.LoadModel()
	if err != nil {
		f.Fatal(err)
	}
	for _, w := range tensors {
		bits, err := endian.Append(nil, endian.LittleEndian, w.Data)
		if err != nil {
			f.Fatal(err)
		}
		m.tensors = append(m.tensors, hostileTensor{w.Name, "F32", w.Shape, bits})
	}
	return m
}

// copy makes a folder of the model as it was saved.
func (m *hostileModel) copy(dir string) *hostileModel {
	c := *m
	c.dir = dir
	c.tensors = slices.Clone(m.tensors)
	if err := os.Mkdir(dir, 0o777); err != nil {
		m.Error(err)
	}
	c.put("config.json", c.config)
	if c.tokenizer != "" {
		c.put("tokenizer.json", c.tokenizer)
	}
	c.put("model.safetensors", string(c.weights))
	return &c
}

func (m *hostileModel) path(name string) string { return filepath.Join(m.dir, name) }

// put writes pieces of a file, each as often as it is said: a large file is never held whole, since
// this process is to stay small.
func (m *hostileModel) put(name string, pieces ...any) {
	file, err := os.Create(m.path(name))
	if err != nil {
		m.Error(err)
		return
	}
	defer file.Close()
	for i := 0; i < len(pieces); i++ {
		piece, times := pieces[i].(string), 1
		if i+1 < len(pieces) {
			if n, ok := pieces[i+1].(int); ok {
				times, i = n, i+1
			}
		}
		whole := max(1, min(times, (64<<10)/max(1, len(piece))))
		block := strings.Repeat(piece, whole)
		for ; times > 0 && err == nil; times -= whole {
			_, err = file.WriteString(block[:len(piece)*min(whole, times)])
		}
	}
	if err != nil {
		m.Error(err)
	}
}

// header is the JSON of the tensors as they stand, without checksums.
func (m *hostileModel) header() string {
	var parts []string
	at := 0
	for _, w := range m.tensors {
		parts = append(parts, fmt.Sprintf(`%q:{"dtype":%q,"shape":%s,"data_offsets":[%d,%d]}`, w.name, w.dtype, strings.ReplaceAll(fmt.Sprint(w.shape), " ", ","), at, at+len(w.bits)))
		at += len(w.bits)
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// save writes the tensors as they stand, behind a header of any kind.
func (m *hostileModel) save(header string) {
	pieces := []any{string(endian.LittleEndian.AppendUint64(nil, uint64(len(header)))), header}
	for _, w := range m.tensors {
		pieces = append(pieces, string(w.bits))
	}
	m.put("model.safetensors", pieces...)
}

// edit replaces what must be there, once.
func (m *hostileModel) edit(text, old, new string) string {
	edited := strings.Replace(text, old, new, 1)
	if edited == text {
		m.Errorf("%s: %q is not there to be replaced", filepath.Base(m.dir), old)
	}
	return edited
}
