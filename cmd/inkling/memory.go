package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

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

// bytesPerByte is what a byte of text takes: itself and, as a token, 8 bytes.
const bytesPerByte = 9

// checkText refuses a file that is too large to be read, before it is.
func checkText(bytes, limit int64) error {
	if need := bytesPerByte * bytes; limit > 0 && need > limit {
		return badInput("a text of %s would take %s of memory (the text and its tokens, %d bytes a byte), and there are %s: take a part of the text",
			sizeOf(bytes), sizeOf(need), bytesPerByte, sizeOf(limit))
	}
	return nil
}

// checkMemory refuses a run that would not fit, with the sum.
func checkMemory(m lm.Memory, text, limit int64) error {
	need := m.Total() + text
	if limit <= 0 || need <= limit {
		return nil
	}
	return badInput("this run would take %s of memory (weights %s, optimizer %s, packed weights %s, gradients %s, activations %s, validation %s, text and tokens %s), and there are %s: make --hidden, --batch or --time smaller",
		sizeOf(need), sizeOf(m.Weights), sizeOf(m.Optimizer), sizeOf(m.Packed), sizeOf(m.Gradients), sizeOf(m.Activations), sizeOf(m.Validation), sizeOf(text), sizeOf(limit))
}
