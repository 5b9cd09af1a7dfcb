package data

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// All that hold tokens give them back, at any place.
func TestTokens(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		vocab := rapid.SampledFrom([]int{1, 2, 256, 257, 65536, 65537, 1 << 20}).Draw(rt, "vocab")
		want := rapid.SliceOfN(rapid.IntRange(0, vocab-1), 0, 200).Draw(rt, "tokens")
		if rapid.Bool().Draw(rt, "many") && len(want) > 0 {
			for len(want) < slabBytes {
				want = append(want, want...)
			}
		}
		packed := pack(nil, want, IDBytes(vocab))
		held := NewIds(vocab)
		for rest := packed; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(rt, "bytes")
			_, _ = held.Write(rest[:n])
			rest = rest[n:]
		}
		path := filepath.Join(dir, "ids")
		side := Side{Tokens: len(want), Counts: make([]int64, vocab), Chars: 7}
		err := WriteIDs(path, func(w io.Writer) (Side, error) {
			_, err := w.Write(packed)
			return side, err
		})
		if err != nil {
			rt.Fatal(err)
		}
		filed, about, err := OpenIDs(path, vocab)
		if err != nil || about.Chars != 7 {
			rt.Fatal(about, err)
		}
		defer filed.Close()
		from := rapid.IntRange(0, len(want)).Draw(rt, "from")
		to := rapid.IntRange(from, len(want)).Draw(rt, "to")
		for _, tokens := range []Tokens{List(want), held, filed} {
			got := make([]int, to-from)
			if err := tokens.Read(got, from); err != nil || tokens.Len() != len(want) || !slices.Equal(got, want[from:to]) {
				rt.Fatalf("%T: tokens %d to %d of %d differ: %v", tokens, from, to, len(want), err)
			}
			if err := Part(tokens, from, to).Read(got, 0); err != nil || !slices.Equal(got, want[from:to]) {
				rt.Fatalf("%T: a part differs: %v", tokens, err)
			}
		}
		if names, _ := os.ReadDir(dir); len(names) != 1 {
			rt.Fatalf("%d files are left", len(names))
		}
	})
}

func TestIDFileRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ids")
	if _, _, err := OpenIDs(path, 300); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	write := func() {
		err := WriteIDs(path, func(w io.Writer) (Side, error) {
			_, err := w.Write(pack(nil, []int{1, 299, 2, 3}, 2))
			return Side{Tokens: 4, Counts: make([]int64, 300)}, err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	write()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := OpenIDs(path, 300); !errors.Is(err, ErrNoIDs) {
			t.Errorf("the first %d of %d bytes: %v", n, len(whole), err)
		}
	}
	for what, at := range map[string]int{"beginning": 0, "end": len(whole) - 1, "size of what is said of it": len(whole) - len(idEnd) - 3, "tokens that are said": bytes.Index(whole, []byte("4,")), "tokens": -1} {
		other := slices.Clone(whole)
		if other = append(other[:8:8], other[10:]...); at >= 0 { // one token less than is said
			other = slices.Clone(whole)
			other[at]++
		}
		if err := os.WriteFile(path, other, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := OpenIDs(path, 300); !errors.Is(err, ErrNoIDs) {
			t.Errorf("another %s: %v", what, err)
		}
	}
	write()
	if _, _, err := OpenIDs(path, 301); !errors.Is(err, ErrNoIDs) {
		t.Errorf("another vocabulary: %v", err)
	}
	tokens, _, err := OpenIDs(path, 300)
	if err != nil {
		t.Fatal(err)
	}
	defer tokens.Close()
	var wg sync.WaitGroup
	for range 8 { // many may read
		wg.Go(func() {
			got := make([]int, 2)
			for range 100 {
				if err := tokens.Read(got, 1); err != nil || got[0] != 299 || got[1] != 2 {
					t.Errorf("%v, %v", got, err)
				}
			}
		})
	}
	wg.Wait()
	whole[len(idMagic)] = 0xFF // token 511
	whole[len(idMagic)+1] = 0x01
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := tokens.Read(make([]int, 1), 0); err == nil || !strings.Contains(err.Error(), "holds token 511, and there are 300") {
		t.Errorf("a changed file: %v", err)
	}
	if err := os.Truncate(path, 10); err != nil {
		t.Fatal(err)
	}
	if err := tokens.Read(make([]int, 2), 0); err == nil || !strings.Contains(err.Error(), "ends before token 2 of 4: it was changed; delete it") {
		t.Errorf("a file cut short: %v", err)
	}
	err = WriteIDs(path+"2", func(w io.Writer) (Side, error) { return Side{}, errFull })
	if names, _ := os.ReadDir(filepath.Dir(path)); !errors.Is(err, errFull) || len(names) != 1 {
		t.Errorf("%v, and %d files are left", err, len(names))
	}
}
