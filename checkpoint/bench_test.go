package checkpoint

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"testing"
)

// benchmark runs f with a state of 40 MB: 2×512 LSTM with Adam has about that.
func benchmark(b *testing.B, f func(b *testing.B, tensors []Tensor)) {
	tensors := make([]Tensor, 30)
	for i := range tensors {
		tensors[i] = Tensor{Name: fmt.Sprint("t", i), Shape: []int{333_333}, Data: make([]float32, 333_333)}
		for j := range tensors[i].Data {
			tensors[i].Data[j] = float32(i*j) * 1e-6
		}
	}
	b.SetBytes(40_000_000)
	b.ReportAllocs()
	f(b, tensors)
}

// BenchmarkSaveState is the whole checkpoint on the disk of the temporary folder.
func BenchmarkSaveState(b *testing.B) {
	benchmark(b, func(b *testing.B, tensors []Tensor) {
		r := newRun(b, filepath.Join(b.TempDir(), "run"))
		step := int64(0)
		for b.Loop() {
			step++
			if err := r.SaveState(step, []byte("{}"), tensors); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkWrite is what a checkpoint costs without the system: two passes over the data.
func BenchmarkWrite(b *testing.B) {
	benchmark(b, func(b *testing.B, tensors []Tensor) {
		for b.Loop() {
			if err := Write(io.Discard, tensors, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkRead reads from memory.
func BenchmarkRead(b *testing.B) {
	benchmark(b, func(b *testing.B, tensors []Tensor) {
		file := encode(b, tensors, nil)
		for b.Loop() {
			if _, _, err := Read(bytes.NewReader(file), int64(len(file)), "f"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkLatestState reads from the disk's cache.
func BenchmarkLatestState(b *testing.B) {
	benchmark(b, func(b *testing.B, tensors []Tensor) {
		r := newRun(b, filepath.Join(b.TempDir(), "run"))
		if err := r.SaveState(1, []byte("{}"), tensors); err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if _, _, _, _, err := r.LatestState(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
