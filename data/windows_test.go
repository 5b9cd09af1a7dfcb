package data

import (
	"fmt"
	"reflect"
	"testing"
)

func count(n int) List {
	tokens := make(List, n)
	for i := range tokens {
		tokens[i] = i
	}
	return tokens
}

// batcher is what [Windows] and [Items] have in common.
type batcher interface {
	Batch(step, shard, shards int) (Window, error)
}

func batch(t *testing.T, b batcher, step, shard, shards int) Window {
	t.Helper()
	w, err := b.Batch(step, shard, shards)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestStreamScoresEachTokenOnce(t *testing.T) {
	for _, n := range []int{2, 3, 10, 101, 1000} {
		for _, lanes := range []int{1, 3, 8} {
			for _, warm := range []int{0, 5} {
				for range 2 { // an iterator must be good for a second pass
					seen := make([]int, n)
					for w := range Stream(count(n), lanes, 7, warm) {
						for j, target := range w.Targets {
							if w.Weights[j] == 0 {
								continue
							}
							seen[target]++
							if w.Inputs[j] != target-1 {
								t.Fatalf("target %d follows %d", target, w.Inputs[j])
							}
						}
					}
					want := make([]int, n)
					for i := 1; i < n; i++ {
						want[i] = 1
					}
					if !reflect.DeepEqual(seen, want) {
						t.Fatalf("n=%d lanes=%d warm=%d: scored %v", n, lanes, warm, seen)
					}
				}
			}
		}
	}
}

// A lane's inputs follow one another from window to window, and it has read warm tokens before it is scored.
func TestStreamLanesAreContinuous(t *testing.T) {
	const warm = 5
	last := map[int]int{}
	read := map[int]int{}
	for w := range Stream(count(500), 4, 7, warm) {
		for lane := range w.Lanes {
			for s := range w.Time {
				j := s*w.Lanes + lane
				if prev, ok := last[lane]; ok && w.Targets[j] != 0 && w.Inputs[j] != prev+1 {
					t.Fatalf("lane %d jumps from %d to %d", lane, prev, w.Inputs[j])
				}
				if w.Weights[j] == 1 && lane > 0 && read[lane] < warm {
					t.Fatalf("lane %d is scored after %d tokens", lane, read[lane])
				}
				last[lane] = w.Inputs[j]
				read[lane]++
			}
		}
	}
}

func TestWindowsReadEverySegmentOncePerEpoch(t *testing.T) {
	const n, lanes, time = 10_000, 4, 5
	w, err := NewWindows(count(n), lanes, time, 1)
	if err != nil {
		t.Fatal(err)
	}
	seen := make([]int, n)
	for step := range w.StepsPerEpoch() {
		b, _ := w.Batch(step, 0, 1)
		for _, i := range b.Inputs {
			seen[i]++
		}
	}
	total := 0
	for i, c := range seen {
		if c > 2 {
			t.Fatalf("token %d read %d times in one epoch", i, c)
		}
		total += min(c, 1)
	}
	if total < n*8/10 {
		t.Errorf("an epoch read %d of %d tokens", total, n)
	}
}

func TestWindowsShardsMakeTheBatch(t *testing.T) {
	w, _ := NewWindows(count(5000), 7, 6, 3)
	for step := range 100 {
		whole, _ := w.Batch(step, 0, 1)
		lane := 0
		for shard := range 3 {
			b, _ := w.Batch(step, shard, 3)
			if b.Fresh != whole.Fresh || b.Lanes != w.ShardLanes(shard, 3) {
				t.Fatal("shards differ from the batch")
			}
			for l := range b.Lanes {
				for s := range b.Time {
					if b.Inputs[s*b.Lanes+l] != whole.Inputs[s*7+lane] || b.Targets[s*b.Lanes+l] != b.Inputs[s*b.Lanes+l]+1 {
						t.Fatal("a shard reads other tokens than the batch")
					}
				}
				lane++
			}
		}
		if lane != 7 {
			t.Fatalf("shards cover %d lanes", lane)
		}
	}
}

func TestWindowsCarryWithinASegment(t *testing.T) {
	w, _ := NewWindows(count(50_000), 3, 6, 3)
	var before Window
	jumps := 0
	for step := range 500 {
		b, _ := w.Batch(step, 0, 1)
		if step > 0 && !b.Fresh {
			for lane := range 3 {
				if b.Inputs[lane] != before.Targets[5*3+lane] {
					t.Fatalf("step %d does not go on where the one before ended, and is not fresh", step)
				}
			}
		} else if step > 0 {
			jumps++
		}
		before = b
	}
	if jumps == 0 {
		t.Error("lanes never start anew")
	}
}

func TestWindowsArePure(t *testing.T) {
	one, _ := NewWindows(count(3000), 4, 5, 9)
	two, _ := NewWindows(count(3000), 4, 5, 9)
	for step := 700; step >= 0; step -= 7 {
		if !reflect.DeepEqual(batch(t, one, step, 1, 2), batch(t, two, step, 1, 2)) {
			t.Fatalf("step %d differs", step)
		}
		batch(t, one, step/2, 0, 2)
	}
	other, _ := NewWindows(count(3000), 4, 5, 10)
	if reflect.DeepEqual(batch(t, one, 0, 0, 1), batch(t, other, 0, 0, 1)) {
		t.Error("another seed reads the same")
	}
}

func TestWindowsRefuse(t *testing.T) {
	for _, c := range []struct{ n, lanes, time int }{{0, 1, 1}, {1, 1, 1}, {64, 8, 8}, {100, 0, 5}, {100, 5, -1}, {100, 1 << 32, 1 << 32}, {100, 1 << 62, 4}} {
		if _, err := NewWindows(count(c.n), c.lanes, c.time, 1); err == nil {
			t.Errorf("%v accepted", c)
		}
	}
	for n := 2; n < 80; n++ { // whatever fits must work
		for lanes := 1; lanes < 9; lanes++ {
			if w, err := NewWindows(count(n), lanes, 3, 1); err == nil {
				for step := range 50 {
					batch(t, w, step, 0, 1)
				}
				_ = fmt.Sprint(w.StepsPerEpoch())
			}
		}
	}
}
