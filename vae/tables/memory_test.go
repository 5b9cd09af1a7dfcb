package tables

import (
	"testing"

	"inkling/tensor"
	"inkling/vae"
)

// TestMemoryPlan compares the plan with what the tapes of a step hold.
func TestMemoryPlan(t *testing.T) {
	all, _, _ := must(t, made(3000, 6))
	numbers, categories := &Table{Rows: all.Rows}, &Table{Rows: all.Rows}
	for j, c := range all.Columns {
		to := categories
		if c.Numeric() {
			to = numbers
		} else if c.Type == Vocabulary {
			continue
		}
		to.Columns, to.Codes = append(to.Columns, c), append(to.Codes, all.Codes[j])
	}
	for _, c := range []struct {
		name   string
		table  *Table
		config Config
		k      int
	}{
		{"everything", all, Config{Output: "full"}, 1},
		{"everything, adaptive", all, Config{Output: "adaptive", Hidden: []int{64, 32}}, 1},
		{"everything, 4 samples", all, Config{Output: "full", Components: 7, Embed: 16}, 4},
		{"numbers", numbers, Config{Latent: 8, Hidden: []int{300}}, 1},
		{"categories", categories, Config{Hidden: []int{}}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := New(c.config, c.table.Columns)
			if err != nil {
				t.Fatal(err)
			}
			weights := int64(m.Params().Count())
			if got := m.Table.Weights(c.table.Columns); got != weights {
				t.Errorf("%d weights, planned %d", weights, got)
			}
			o := vae.Objective{K: c.k, Sampled: c.k > 1}
			if err := o.Complete(); err != nil {
				t.Fatal(err)
			}
			const n = 500
			plan, err := vae.Config{Latent: []int{m.Table.Latent}, Hidden: [][]int{m.Table.Hidden}}.PlanTrainingOf(m.Table.Costs(c.table.Columns), o, vae.Training{Batch: n, Shards: 1, Slots: 2, Workers: 1})
			if err != nil {
				t.Fatal(err)
			}
			fit, rows, tp := &vae.Fit{Model: m.Model, Objective: o}, new(Rows), tensor.NewTape()
			rows.take(c.table, everyRow(n))
			for range 2 {
				tp.Reset(1, 0, 0)
				tp.Backward(fit.Loss(tp, vae.Batch{Rows: n, Data: rows}, nil), 1)
			}
			results, gradients := tp.Floats()
			are := 4 * int64(results+n*len(c.table.Columns))
			t.Logf("planned %d bytes, are %d, ratio %.3f", plan.Activations, are, float64(plan.Activations)/float64(are))
			if d := are - plan.Activations; d < -are/8-(5<<18) || d > are/8+(1<<18) {
				t.Errorf("activations: planned %d bytes, are %d", plan.Activations, are)
			}
			if plan.Gradients < 4*int64(gradients) {
				t.Errorf("gradients: planned %d bytes, are %d", plan.Gradients, 4*gradients)
			}
		})
	}
}

func everyRow(n int) []int32 {
	of := make([]int32, n)
	for i := range of {
		of[i] = int32(i)
	}
	return of
}

// TestConfigs: settings that no model can have.
func TestConfigs(t *testing.T) {
	table, _, _ := must(t, made(3000, 1))
	for _, c := range []Config{
		{Latent: -1}, {Latent: 1 << 20}, {Hidden: []int{0}}, {Hidden: []int{1 << 20}}, {Hidden: make([]int, 99)}, {Activation: "sign"}, {Components: -1}, {Components: 1000}, {Embed: 1 << 20}, {Output: "none"},
	} {
		if _, err := New(c, table.Columns); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
	if _, err := New(Config{}, nil); err == nil {
		t.Error("a table without columns is taken")
	}
}
