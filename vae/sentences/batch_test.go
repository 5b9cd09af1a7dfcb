package sentences

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"inkling/data"
)

// listed makes a list of sentences of such lengths: 0 begins one and 1 ends it, and its words tell which it is.
func listed(lengths []int) (tokens data.List) {
	for i, n := range lengths {
		tokens = append(tokens, 0)
		for range n {
			tokens = append(tokens, 2+i)
		}
		tokens = append(tokens, 1)
	}
	return tokens
}

// TestSource: each pass gives each sentence at most once and as many as whole batches hold; shards are parts of a batch; a batch is a function of
// the step, whatever was asked for before; what is too long is left out and counted.
func TestSource(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lengths := rapid.SliceOfN(rapid.IntRange(1, 12), 1, 60).Draw(t, "lengths")
		size, most := rapid.IntRange(1, 9).Draw(t, "size"), rapid.IntRange(2, 13).Draw(t, "longest")
		kept := 0
		for _, n := range lengths {
			if n+1 <= most {
				kept++
			}
		}
		s, err := NewSource(listed(lengths), 0, most, size, 5)
		if kept == 0 {
			if err == nil {
				t.Fatal("a source of nothing")
			}
			return
		}
		if err != nil || s.Len() != kept || s.LeftOut() != len(lengths)-kept {
			t.Fatal(s, err)
		}
		size = min(size, kept)
		per := s.StepsPerEpoch()
		if per != kept/size {
			t.Fatalf("%d steps for %d sentences in batches of %d", per, kept, size)
		}
		shards := rapid.IntRange(1, size).Draw(t, "shards")
		seen, read, tokens := map[int]int{}, 0, 0
		for step := range 2 * per {
			var together [][]int
			for shard := range shards {
				b, err := s.Batch(step, shard, shards)
				if err != nil || b.Rows == 0 || b.Epoch != float64(step)/float64(per) {
					t.Fatal(b, err)
				}
				d := b.Data.(Batch)
				together = append(together, d.Sentences...)
				if step < per {
					read += len(d.Sentences) * longest(d.Sentences)
				}
			}
			if len(together) != size {
				t.Fatalf("%d sentences in a step of %d", len(together), size)
			}
			for _, sentence := range together {
				i := sentence[0] - 2
				if len(sentence) != lengths[i]+1 || sentence[len(sentence)-1] != 1 || len(sentence) > most {
					t.Fatalf("sentence %d is %v", i, sentence)
				}
				if seen[i]++; seen[i] > 1+step/per {
					t.Fatalf("sentence %d is seen twice in a pass", i)
				}
				if step < per {
					tokens += len(sentence)
				}
			}
			whole, err := s.Batch(step, 0, 1)
			if err != nil || !reflect.DeepEqual(whole.Data.(Batch).Sentences, together) {
				t.Fatal("shards are not the parts of the batch")
			}
		}
		if got, want := s.Padding(shards), 1-float64(tokens)/float64(read); got != want {
			t.Fatalf("padding of %g, is %g", got, want)
		}
		again, _ := NewSource(listed(lengths), 0, most, size, 5)
		last, _ := s.Batch(2*per-1, 0, 1)
		alone, _ := again.Batch(2*per-1, 0, 1)
		if !reflect.DeepEqual(last, alone) {
			t.Fatal("a batch depends on what was asked for before")
		}
	})
}

// TestSourceSorts: batches of like length have next to no padding, and are in another order in another pass.
func TestSourceSorts(t *testing.T) {
	var lengths []int
	for i := range 400 {
		lengths = append(lengths, 1+i*7919%40)
	}
	s, err := NewSource(listed(lengths), 0, 100, 20, 1)
	if err != nil {
		t.Fatal(err)
	}
	if p := s.Padding(1); p > 0.05 {
		t.Errorf("a share of %.3f is padding", p)
	}
	first, second := slices.Clone(s.take(0)), s.take(1)
	if slices.Equal(first, second) {
		t.Error("two passes in the same order")
	}
	if lengths[first[19]] != 40 || lengths[second[19]] != 40 {
		t.Error("the longest batch is not the first")
	}
	ascending := true
	for i := 40; i < 400; i += 20 {
		ascending = ascending && lengths[first[i]] >= lengths[first[i-20]]
	}
	if ascending {
		t.Error("batches come short to long")
	}
}

func TestRead(t *testing.T) {
	e, err := Read(listed([]int{3, 0, 1}), 0)
	if want := (Examples{{2, 2, 2, 1}, {1}, {4, 1}}); err != nil || !reflect.DeepEqual(e, want) {
		t.Fatalf("%v, %v, want %v", e, err, want)
	}
	if e.Tokens() != 7 || e.Longest() != 4 {
		t.Errorf("%d tokens, at most %d", e.Tokens(), e.Longest())
	}
}
