package data

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// list makes a list of items of the given lengths: Begin is 0, End 1, and the others tell which item and place.
func list(lengths []int) (tokens List) {
	for i, n := range lengths {
		tokens = append(tokens, 0)
		for at := range n {
			tokens = append(tokens, 2+1000*i+at)
		}
		tokens = append(tokens, 1)
	}
	return tokens
}

// reader follows the lanes of windows, and notes what each item was seen as.
type itemReader struct {
	lanes [][]int // the item that each lane is at
	seen  map[int][][]int
}

func (r *itemReader) read(t *rapid.T, w Window) {
	if w.Fresh {
		r.flush()
		r.lanes = make([][]int, w.Lanes)
	}
	for lane := range w.Lanes {
		for s := range w.Time {
			j := s*w.Lanes + lane
			if w.Weights[j] == 0 {
				continue
			}
			if w.Weights[j] != 1 {
				t.Fatalf("a target weighs %g", w.Weights[j])
			}
			item := r.lanes[lane]
			if len(item) == 0 {
				if w.Inputs[j] != 0 || !w.Fresh {
					t.Fatalf("an item begins with %d, fresh %v", w.Inputs[j], w.Fresh)
				}
				item = []int{0}
			}
			if item[len(item)-1] != w.Inputs[j] {
				t.Fatalf("%d is read after %d", w.Inputs[j], item[len(item)-1])
			}
			r.lanes[lane] = append(item, w.Targets[j])
		}
	}
}

func (r *itemReader) flush() {
	for _, item := range r.lanes {
		if len(item) > 0 {
			which := -1 // an empty item
			if len(item) > 2 {
				which = (item[1] - 2) / 1000
			}
			r.seen[which] = append(r.seen[which], item)
		}
	}
	r.lanes = nil
}

// In each epoch each item is read once and whole, from Begin to End, whatever its length.
func TestItemsReadEachOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		lengths := rapid.SliceOfN(rapid.IntRange(0, 30), 1, 40).Draw(rt, "lengths")
		lanes, time := rapid.IntRange(1, 7).Draw(rt, "lanes"), rapid.IntRange(1, 9).Draw(rt, "time")
		tokens := list(lengths)
		items, err := NewItems(tokens, 0, lanes, time, 5)
		if err != nil || items.Len() != len(lengths) {
			rt.Fatal(items.Len(), err)
		}
		want := map[int][][]int{}
		for i, n := range lengths {
			item := list(lengths[: i+1 : i+1])
			item = item[len(item)-n-2:]
			if n == 0 {
				i = -1
			}
			want[i] = append(want[i], item)
		}
		check := func(r itemReader, what string) {
			r.flush()
			if !reflect.DeepEqual(r.seen, want) {
				rt.Fatalf("%s: read %v, want %v", what, r.seen, want)
			}
		}
		for e := range 3 {
			r := itemReader{seen: map[int][][]int{}}
			for step := range items.StepsPerEpoch() {
				w := batch(t, items, e*items.StepsPerEpoch()+step, 0, 1)
				if w.Lanes != lanes || w.Time > time || w.Weight() == 0 {
					rt.Fatalf("a window of %d×%d that weighs %g", w.Lanes, w.Time, w.Weight())
				}
				r.read(rt, w)
			}
			check(r, "an epoch")
		}
		r := itemReader{seen: map[int][][]int{}}
		for w, err := range items.Once() {
			if err != nil {
				rt.Fatal(err)
			}
			r.read(rt, w)
		}
		check(r, "once")
	})
}

func TestItemsShardsMakeTheBatch(t *testing.T) {
	var lengths []int
	for i := range 100 {
		lengths = append(lengths, i%13)
	}
	items, _ := NewItems(list(lengths), 0, 7, 6, 3)
	two, _ := NewItems(list(lengths), 0, 7, 6, 3)
	other, _ := NewItems(list(lengths), 0, 7, 6, 4)
	differs := false
	for step := 3*items.StepsPerEpoch() - 1; step >= 0; step-- {
		whole := batch(t, items, step, 0, 1)
		var parts []Window
		for shard := range 3 {
			parts = append(parts, batch(t, two, step, shard, 3))
			if want := whole.Shard(shard, 3); !slices.Equal(want.Inputs, parts[shard].Inputs) || !slices.Equal(want.Targets, parts[shard].Targets) || !slices.Equal(want.Weights, parts[shard].Weights) {
				t.Fatalf("step %d: shard %d is not that part of the batch", step, shard)
			}
		}
		differs = differs || !reflect.DeepEqual(whole, batch(t, other, step, 0, 1))
	}
	if !differs {
		t.Error("another seed reads the same")
	}
}

func TestItemsPadLittle(t *testing.T) {
	var lengths []int
	for i := range 1000 {
		lengths = append(lengths, i%40)
	}
	items, _ := NewItems(list(lengths), 0, 16, 64, 1)
	weight, all := 0.0, 0
	for w := range items.Once() {
		weight += w.Weight()
		all += len(w.Inputs)
	}
	if share := weight / float64(all); share < 0.9 {
		t.Errorf("%.0f %% of the windows are items", 100*share)
	}
}

func TestItemsRefuse(t *testing.T) {
	for _, c := range []struct {
		tokens      List
		lanes, time int
	}{{list([]int{3}), 0, 5}, {list([]int{3}), 5, 0}, {List{2, 3, 4}, 1, 1}, {List{}, 1, 1}} {
		if _, err := NewItems(c.tokens, 0, c.lanes, c.time, 1); err == nil {
			t.Errorf("%v accepted", c)
		}
	}
}
