package lm

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// alone is what Score is held against: each token after what came before it, one item at a time.
func alone(m *Model, item []int) (logProbs []float64) {
	all, s := make([]float32, m.Vocab()), m.Start()
	for i, token := range item {
		if i > 0 {
			m.LogProbs(all, s)
			logProbs = append(logProbs, float64(all[token]))
		}
		s = m.Next(s, token)
	}
	return logProbs
}

// room is where scores of items go, with one number more behind each.
func room(items [][]int) [][]float32 {
	dst := make([][]float32, len(items))
	for i, item := range items {
		dst[i] = slices.Repeat([]float32{42}, len(item)+1)
	}
	return dst
}

func randomItems(r *rand.Rand, vocab int, lengths ...int) [][]int {
	items := make([][]int, len(lengths))
	for i, n := range lengths {
		for range n {
			items[i] = append(items[i], r.IntN(vocab))
		}
	}
	return items
}

// TestScoreIsOneItemAfterTheOther scores items of many lengths side by side and compares with each of them alone.
func TestScoreIsOneItemAfterTheOther(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	lengths := map[string][]int{
		"none":     {},
		"empty":    {0, 1, 0},
		"one":      {7},
		"long":     {2*scoreRows + 5},
		"long ago": {scoreRows + 2, 0, 3, scoreRows + 1, scoreRows, 1, 2},
	}
	for range 2*scoreLanes + 7 {
		lengths["many"] = append(lengths["many"], r.IntN(30))
		lengths["equal"] = append(lengths["equal"], 12)
	}
	for i := range 120 {
		lengths["all"] = append(lengths["all"], i)
	}
	for _, c := range []Config{
		{Hidden: 12, Counts: make([]int64, 9)},
		{Hidden: 9, Layers: 2, Dropout: 0.5, DropoutOut: 0.5, Counts: make([]int64, 30)},
		{Hidden: 8, Embed: 5, Counts: make([]int64, scoreRows/2)}, // more than the tokens of some windows, less than of others
		{Hidden: 8, Tied: true, Counts: make([]int64, 2*scoreRows)},
	} {
		c.Seed = 7
		m, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, workers := range []int{1, 3} {
			s := m.Scorer(workers)
			for name, lengths := range lengths {
				items := randomItems(r, m.Vocab(), lengths...)
				dst := room(items)
				if err := s.Score(context.Background(), dst, items); err != nil {
					t.Fatal(err)
				}
				for i, item := range items {
					want := alone(m, item)
					for j, w := range want {
						if e := math.Abs(float64(dst[i][j]) - w); !(e <= 1e-5*max(1, -w)) {
							t.Fatalf("hidden size %d, %d workers, %s: token %d of item %d, of %d: %g, alone %g", c.Hidden, workers, name, j+1, i, len(item), dst[i][j], w)
						}
					}
					if slices.ContainsFunc(dst[i][len(want):], func(x float32) bool { return x != 42 }) {
						t.Errorf("%s: %d scores of an item of %d tokens", name, len(dst[i]), len(item))
					}
				}
			}
		}
	}
}

// TestScoreEnds wants a context that has ended to end Score.
func TestScoreEnds(t *testing.T) {
	m, err := New(Config{Hidden: 8, Counts: make([]int64, 5)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	items := [][]int{make([]int, 10)}
	dst := room(items)
	if err := m.Scorer(2).Score(ctx, dst, items); err != context.Canceled || dst[0][0] != 42 {
		t.Errorf("%v, and a score of %g", err, dst[0][0])
	}
}

// TestScoreGroups: each item is in one window, with at most scoreLanes of them, of which little is padding.
func TestScoreGroups(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lengths := rapid.SliceOfN(rapid.OneOf(rapid.IntRange(0, 40), rapid.IntRange(0, 100_000)), 0, 3*scoreLanes).Draw(t, "lengths")
		workers := rapid.IntRange(1, 5).Draw(t, "workers")
		items, want := make([][]int, len(lengths)), 0
		for i, n := range lengths {
			items[i] = make([]int, n)
			if n > 1 {
				want++
			}
		}
		s := &Scorer{desks: make([]*scoreDesk, workers)}
		s.sort(items)
		seen := map[int]bool{}
		groups := s.groups(items)
		for _, group := range groups {
			read, padding := 0, 0
			for _, i := range group {
				if seen[i] || len(items[i]) < 2 {
					t.Fatalf("item %d, of %d tokens, is read twice or for nothing", i, len(items[i]))
				}
				seen[i] = true
				read += len(items[group[0]])
				padding += len(items[group[0]]) - len(items[i])
			}
			if len(group) > scoreLanes || padding*scoreSlack > read {
				t.Fatalf("%d lanes, %d of %d tokens are padding", len(group), padding, read)
			}
		}
		if len(seen) != want {
			t.Fatalf("%d of %d items are read", len(seen), want)
		}
	})
}

// TestScoreMemory compares the plan with what the tapes hold after items of all lengths.
func TestScoreMemory(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	var lengths []int
	for i := range 2 * scoreLanes {
		lengths = append(lengths, 20, i/2) // enough for a full window of each worker
	}
	for _, c := range []Config{
		{Hidden: 128, Counts: make([]int64, 40)},
		{Hidden: 64, Layers: 3, Counts: make([]int64, 256)},
		{Hidden: 64, Embed: 32, Counts: make([]int64, 5000)},
	} {
		m, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := c.PlanScoring(2)
		if err != nil {
			t.Fatal(err)
		}
		s, held := m.Scorer(2), int64(0)
		for _, n := range []int{1, 2, 5, 100, len(lengths)} { // more and more at a time, as they come
			items := randomItems(r, m.Vocab(), lengths[:n]...)
			if err := s.Score(context.Background(), room(items), items); err != nil {
				t.Fatal(err)
			}
		}
		for _, d := range s.desks {
			floats, _ := d.tape.Floats()
			held += 4 * int64(floats+cap(d.carry))
		}
		t.Logf("%d bytes, planned %d: %.2f", held, plan.Activations, float64(held)/float64(plan.Activations))
		if diff := held - plan.Activations; diff < -plan.Activations/5 || diff > plan.Activations/10 {
			t.Errorf("hidden size %d: %d bytes, planned %d", c.Hidden, held, plan.Activations)
		}
	}
}
