package kernel

import (
	"math"
	"syscall"
	"testing"
	"unsafe"
)

// pageEnd is a slice of n floats that ends where the process's memory ends: one float further is a fault. With
// start it begins where memory begins.
func pageEnd(t *testing.T, n int, start bool) []float32 {
	t.Helper()
	page := syscall.Getpagesize()
	mem, err := syscall.Mmap(-1, 0, 3*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(mem); err != nil {
			t.Error(err)
		}
	})
	for _, forbidden := range [][]byte{mem[:page], mem[2*page:]} {
		if err := syscall.Mprotect(forbidden, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	middle := mem[page : 2*page]
	all := unsafe.Slice((*float32)(unsafe.Pointer(&middle[0])), page/4)
	if start {
		return all[:n]
	}
	return all[len(all)-n:]
}

// No kernel reads or writes outside its slices: guards would not show a read.
func TestVectorsStayInside(t *testing.T) {
	for _, start := range []bool{false, true} {
		var s [6][]float32
		for i := range s {
			s[i] = pageEnd(t, 4*maxLength, start)
			for j := range s[i] {
				s[i][j] = 0.25 * float32(1+i)
			}
		}
		gates := pageEnd(t, 4*maxLength, start)
		onEvery(t, func(t *testing.T) {
			for n := 0; n <= maxLength; n++ {
				cut := func(x []float32, n int) []float32 {
					if start {
						return x[:n]
					}
					return x[len(x)-n:]
				}
				a, b, c, d, e := cut(s[0], n), cut(s[1], n), cut(s[2], n), cut(s[3], n), cut(s[4], n)
				for _, f := range elementwise {
					f.run(a, b, c)
				}
				Dot(a, b)
				Sum(a)
				Softmax(a, b)
				LogSumExp(b)
				Bernoulli(a, b, c)
				Normal(a, b, c, d, e, -6)
				Logistic(a, b, c, d, e, 0.1, -7)
				LSTMForward(cut(gates, 4*n), a, b, c, d)
				LSTMBackward(cut(gates, 4*n), a, c, d, e)
				for _, o := range optimizers {
					o.run(a, b, c, d)
				}
				RandomMask(a, 0.5, 1, 2)
				for _, x := range [][]float32{a, b, c, d} {
					for i := range x {
						x[i] = float32(math.Abs(float64(x[i])))
						if !(x[i] > 1e-3 && x[i] < 10) {
							x[i] = 0.5
						}
					}
				}
			}
		})
	}
}
