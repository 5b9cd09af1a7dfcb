package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"inkling/data"
	"inkling/lm"
)

// byteSize is a flag in bytes that also reads 800MB, 2GB, 2GiB.
type byteSize int64

func (b *byteSize) UnmarshalText(text []byte) error {
	s := strings.ToLower(strings.TrimSpace(string(text)))
	digits := strings.TrimRight(s, "bikmgt ")
	unit, ok := map[string]float64{
		"": 1, "b": 1, "k": 1e3, "kb": 1e3, "m": 1e6, "mb": 1e6, "g": 1e9, "gb": 1e9, "t": 1e12, "tb": 1e12,
		"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
	}[strings.TrimSpace(s[len(digits):])]
	v, err := strconv.ParseFloat(digits, 64)
	if !ok || err != nil || !(v*unit >= 1 && v*unit < 1<<60) {
		return fmt.Errorf("expected an amount of memory but got %q", text)
	}
	*b = byteSize(v * unit)
	return nil
}

// memory is what the command may take, in bytes: what the user said, or what there is. 0 if the
// system does not tell.
func (a *app) memory() int64 {
	if a.limit > 0 {
		return a.limit
	}
	return availableMemory()
}

// availableMemory is what this process may still take, in bytes: what the machine has free, or what
// its control group has left. 0 if the system does not tell.
func availableMemory() int64 {
	free := int64(0)
	for line := range strings.Lines(readFile("/proc/meminfo")) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "MemAvailable:" {
			kib, _ := strconv.ParseInt(f[1], 10, 64)
			free = kib << 10
		}
	}
	for _, group := range [][2]string{
		{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"},
		{"/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"},
	} {
		limit, err := strconv.ParseInt(strings.TrimSpace(readFile(group[0])), 10, 64)
		if err != nil || limit >= 1<<60 { // "max"
			continue
		}
		used, _ := strconv.ParseInt(strings.TrimSpace(readFile(group[1])), 10, 64)
		if left := max(limit-used, 1); free == 0 || left < free {
			free = left
		}
	}
	return free
}

// readFile is a file of the system; nothing if there is no such file.
func readFile(name string) string {
	b, _ := os.ReadFile(name)
	return string(b)
}

// textMemory is what the tokens of a text will take, in bytes, before it is read: two bytes each, as many as the file
// has bytes, and at most a quarter of what there is, past which they are kept in a file. 0 of what is no regular file.
func textMemory(name string, limit int64) int64 {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return 0
	}
	if limit == 0 {
		return 2 * info.Size()
	}
	return min(2*info.Size(), limit/4)
}

// What the program takes by itself, measured: its code, its run-time system, the fonts of its pictures and the garbage that is let
// lie; many goroutines at work, as in training, leave more of it.
const (
	programBytes = 52 << 19
	workingBytes = 4 << 20
	readingBytes = 5 << 20 // that reading a text leaves, if it is not a short one
)

// memoryPlan is all that a command will hold, in bytes.
type memoryPlan struct {
	lm.Memory
	Tokenizer int64 `json:"tokenizer"` // the vocabulary and its tables
	Text      int64 `json:"text"`      // the text and its tokens
	Pictures  int64 `json:"pictures,omitempty"`
	Baselines int64 `json:"baselines,omitempty"` // n-grams of the text
	Program   int64 `json:"program"`
	Total     int64 `json:"total"`
}

func newPlan(m lm.Memory, vocab *data.Vocab, text int64) memoryPlan {
	p := memoryPlan{Memory: m, Tokenizer: vocab.Bytes(), Text: text, Program: programBytes}
	if m.Activations > 0 || m.Validation > 0 {
		p.Program += workingBytes
	}
	p.Total = m.Total() + p.Tokenizer + p.Text + p.Program
	return p
}

// then adds the memory of baselines that are counted when the activations of validation are no longer needed: the larger
// of the two counts.
func (p memoryPlan) then(baselines int64) memoryPlan {
	if baselines > p.Validation {
		p.Total += baselines - p.Validation
		p.Baselines, p.Validation = baselines, 0
	}
	return p
}

// part is a line of a plan.
type part struct {
	name  string
	bytes int64
}

// parts are the lines of a plan, for people.
func (p memoryPlan) parts() []part {
	return []part{
		{"weights", p.Weights},
		{"optimizer", p.Optimizer},
		{"averages", p.Averages},
		{"checkpoint", p.Checkpoint},
		{"packed weights", p.Packed},
		{"gradients", p.Gradients},
		{"activations", p.Activations},
		{"validation", p.Validation},
		{"tokenizer", p.Tokenizer},
		{"text and tokens", p.Text},
		{"pictures", p.Pictures},
		{"baselines", p.Baselines},
		{"program", p.Program},
	}
}

// check refuses a plan that would not fit, with its sum; what says which, and remedy what to do.
func (p memoryPlan) check(limit int64, what, remedy string) error {
	if limit <= 0 || p.Total <= limit {
		return nil
	}
	var parts []string
	for _, part := range p.parts() {
		if part.bytes > 0 {
			parts = append(parts, part.name+" "+sizeOf(part.bytes))
		}
	}
	return badInput("%s would take %s of memory (%s), and there are %s: %s", what, sizeOf(p.Total), strings.Join(parts, ", "), sizeOf(limit), remedy)
}

// hold makes the garbage collector keep the program within the plan. Left to itself it lets a program
// grow to twice of what it needs.
func (p memoryPlan) hold() { debug.SetMemoryLimit(p.Total) }

// namedPlan is a column of a table of plans.
type namedPlan struct {
	name string
	plan memoryPlan
}

// printPlans writes plans side by side, with what there is.
func printPlans(a *app, plans ...namedPlan) {
	rows := [][]string{{"memory"}}
	for _, p := range plans {
		rows[0] = append(rows[0], p.name)
	}
	for i, part := range plans[0].plan.parts() {
		row, sum := []string{part.name}, int64(0)
		for _, p := range plans {
			bytes := p.plan.parts()[i].bytes
			sum += bytes
			row = append(row, sizeOf(bytes))
			if bytes == 0 {
				row[len(row)-1] = "–"
			}
		}
		if sum > 0 {
			rows = append(rows, row)
		}
	}
	total := []string{"total"}
	for _, p := range plans {
		total = append(total, sizeOf(p.plan.Total))
	}
	table(a.out, append(rows, total)...)
	if limit := a.memory(); limit > 0 {
		fmt.Fprintf(a.out, "there are %s\n", sizeOf(limit))
	}
}
