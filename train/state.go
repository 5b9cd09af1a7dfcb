package train

import (
	"encoding/json"
	"errors"
	"fmt"

	"inkling/checkpoint"
)

// state is everything about a run that is not a tensor. With the weights, the optimizer's slots
// and the carried state of every shard it is all that is needed to go on with the same bits.
type state struct {
	Shards     int     `json:"shards"`
	Step       int     `json:"step"`
	Done       bool    `json:"done"`
	Seconds    float64 `json:"seconds"`
	Weight     float64 `json:"weight"`      // tokens or examples trained on
	LossSum    float64 `json:"loss_sum"`    // since the last validation
	LossWeight float64 `json:"loss_weight"` // since the last validation
	Mean       float64 `json:"mean"`        // loss up to the last validation
	Validated  int     `json:"validated"`   // how many of the planned validations were due
	Judged     bool    `json:"judged"`      // there was a validation: what follows about it means something
	Valid      float64 `json:"valid"`
	Best       float64 `json:"best"`
	BestStep   int     `json:"best_step"`
	Metrics    int64   `json:"metrics_bytes"` // length of the metrics file

	ValidAverage float64 `json:"valid_average,omitempty"` // as Valid, of the averaged weights
	BestAverage  bool    `json:"best_average,omitempty"`  // the best are averaged weights
	Stale        int     `json:"stale,omitempty"`         // validations in a row without a new best
	Plateaus     int     `json:"plateaus,omitempty"`      // as Place has it

	Taken    []int           `json:"taken,omitempty"`     // with phases: the steps that each parameter took part in
	LastLoss float64         `json:"last_loss,omitempty"` // of the last step
	Phases   json.RawMessage `json:"phases,omitempty"`    // their own state

	// What validating and saving cost lately: a budget keeps that much in hand for its end.
	ValidSeconds float64 `json:"valid_seconds"`
	SaveSeconds  float64 `json:"save_seconds"`
}

// save begins to write the state as one file that is there whole or not at all.
func (l *loop) save() error {
	if l.saver == nil {
		return nil
	}
	l.state.Shards = l.shards
	l.state.Metrics = l.cfg.Folder.MetricsSize()
	if err := l.savePhases(); err != nil {
		return err
	}
	meta, err := json.Marshal(l.state)
	if err != nil {
		return err
	}
	return l.saver.save(int64(l.state.Step), meta, l.tensors(), l.workers)
}

// saved takes note of a state that was written meanwhile.
func (l *loop) saved(wait bool) error {
	if l.saver == nil {
		return nil
	}
	look := l.saver.poll
	if wait {
		look = l.saver.wait
	}
	spent, err := look()
	if spent > 0 {
		l.state.SaveSeconds = spent.Seconds()
	}
	return err
}

// restore goes on from the newest state in the folder, if there is one.
func (l *loop) restore() error {
	if l.cfg.Folder == nil {
		return nil
	}
	_, meta, saved, warnings, err := l.cfg.Folder.LatestState()
	for _, w := range warnings {
		l.warn(w)
	}
	if errors.Is(err, checkpoint.ErrNoState) { // it begins anew, whatever it had written before
		return l.cfg.Folder.TruncateMetrics(0)
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(meta, &l.state); err != nil {
		return fmt.Errorf("the state of the run cannot be read: %w", err)
	}
	if l.state.Shards != l.shards {
		return fmt.Errorf("the run was begun with %d shards and cannot go on with %d: the result would be another", l.state.Shards, l.shards)
	}
	if err := l.restorePhases(); err != nil {
		return err
	}
	byName := map[string]checkpoint.Tensor{}
	for _, t := range saved {
		byName[t.Name] = t
	}
	for _, want := range l.tensors() {
		t, ok := byName[want.Name]
		if !ok || len(t.Data) != len(want.Data) {
			return fmt.Errorf("the state of the run does not fit its config: tensor %s has %d values instead of %d", want.Name, len(t.Data), len(want.Data))
		}
		copy(want.Data, t.Data)
	}
	for _, p := range l.all {
		p.Changed()
	}
	return l.cfg.Folder.TruncateMetrics(l.state.Metrics)
}

// tensors are the run's own slices, by name: to be written out, or read into.
func (l *loop) tensors() (ts []checkpoint.Tensor) {
	for _, p := range l.all {
		ts = append(ts, checkpoint.Tensor{Name: "weight:" + p.Name, Shape: p.Shape, Data: p.Value})
	}
	for i, p := range l.params {
		for k, slot := range l.slots[i] {
			ts = append(ts, checkpoint.Tensor{Name: fmt.Sprintf("slot%d:%s", k, p.Name), Shape: p.Shape, Data: slot})
		}
	}
	for i, a := range l.averages {
		p := l.params[i]
		ts = append(ts, checkpoint.Tensor{Name: "average:" + p.Name, Shape: p.Shape, Data: a})
	}
	for s, c := range l.carries {
		if len(c) > 0 {
			ts = append(ts, checkpoint.Tensor{Name: fmt.Sprintf("carry:%d", s), Shape: []int{len(c)}, Data: c})
		}
	}
	return ts
}

// keepBest remembers the weights as the best so far, in the folder or, without one, in memory.
func (l *loop) keepBest() error {
	if l.cfg.Folder != nil {
		return l.cfg.Folder.SaveModel(l.model(), nil)
	}
	if l.best == nil {
		l.best = make([][]float32, len(l.params))
	}
	for i, p := range l.params {
		l.best[i] = append(l.best[i][:0], p.Value...)
	}
	return nil
}

// finish leaves the best weights in the model, or the last if none was ever judged.
func (l *loop) finish() error {
	switch {
	case !l.state.Judged && l.cfg.Folder != nil:
		return l.cfg.Folder.SaveModel(l.model(), nil)
	case l.state.Judged && l.cfg.Folder != nil:
		return l.cfg.Folder.LoadModelInto(func(t checkpoint.Info) ([]float32, error) {
			p := l.all.ByName(t.Name)
			if p == nil || t.Elements() != len(p.Value) {
				return nil, fmt.Errorf("tensor %s is not one of the model's: the file was changed", t.Name)
			}
			p.Changed()
			return p.Value, nil
		})
	case l.best != nil:
		for i, p := range l.params {
			copy(p.Value, l.best[i])
			p.Changed()
		}
	}
	return nil
}

func (l *loop) model() (ts []checkpoint.Tensor) {
	for _, p := range l.all {
		ts = append(ts, checkpoint.Tensor{Name: p.Name, Shape: p.Shape, Data: p.Value})
	}
	return ts
}

// metrics is one line of metrics.jsonl.
type metrics struct {
	Step    int      `json:"step"`
	Epoch   float64  `json:"epoch"`
	Rate    float64  `json:"rate"`
	Loss    float64  `json:"loss"`                    // mean of the steps since the line before, nats
	Valid   *float64 `json:"valid,omitempty"`         // nats
	Average *float64 `json:"valid_average,omitempty"` // nats, of the averaged weights
	Norm    float64  `json:"norm"`                    // of the gradient of this step, before clipping
	Seconds float64  `json:"seconds"`                 // of training so far: the one thing that differs between equal runs

	Also map[string]float64 `json:"also,omitempty"` // of Config.Also
}

func (l *loop) writeMetrics(p *Progress) error {
	if l.cfg.Folder == nil {
		return nil
	}
	m := metrics{Step: p.Step, Epoch: p.Epoch, Rate: p.Rate, Loss: l.state.Mean, Norm: p.Norm, Seconds: p.Seconds}
	if p.Validated {
		m.Valid = &p.Valid
		if l.averages != nil {
			m.Average = &p.Average
		}
		if l.cfg.Also != nil {
			m.Also = l.cfg.Also()
		}
	}
	line, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return l.cfg.Folder.AppendMetrics(line)
}

func (l *loop) warn(message string) {
	if l.cfg.Warn != nil {
		l.cfg.Warn(message)
	}
}
