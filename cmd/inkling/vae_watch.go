package main

import (
	"fmt"
	"sync"

	"inkling/eval"
	"inkling/vae"
)

// watch is what progress says of a VAE beside its loss.
type watch struct {
	config         vae.Config
	mu             sync.Mutex
	likelihood, kl float64
	active, all    int // latent variables; all is 0 before the first validation

	also map[string]float64 // of the metrics' next line
	loss float64            // that goes with it
}

// judged takes over what a validation says, of two the better: of the weights and of their averages.
func (w *watch) judged(j *vae.Judged, loss float64) {
	active := len(j.Active())
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.also != nil && !(loss < w.loss) {
		return
	}
	w.active, w.all = active, 0
	for _, layer := range j.Variables {
		w.all += len(layer)
	}
	w.also, w.loss = map[string]float64{"log_likelihood": eval.Mean(j.LogLikelihood), "kl": eval.Mean(j.KL), "active_units": float64(active)}, loss
}

// take gives what the metrics are to tell, once.
func (w *watch) take() map[string]float64 {
	also := w.also
	w.also = nil
	return also
}

func (w *watch) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.config.Point {
		return "" // the loss is all there is
	}
	s := fmt.Sprintf("  log p(x|z) %.2f  KL %.2f", w.likelihood, w.kl)
	if w.all > 0 {
		s += fmt.Sprintf("  active %d/%d", w.active, w.all)
	}
	return s
}
