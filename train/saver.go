package train

import (
	"slices"
	"time"

	"inkling/checkpoint"
	"inkling/internal/parallel"
)

// A saver writes states while training goes on: it takes a copy, which is a matter of milliseconds, and
// another goroutine brings it to the disk. One state at a time is under way; who wants to save another
// waits for it. The copy costs as much memory as the weights and the optimizer's slots.
type saver struct {
	folder *checkpoint.Run
	copied []checkpoint.Tensor
	done   chan written // nil: nothing is under way
}

// written is how the writing of a state ended.
type written struct {
	err   error
	spent time.Duration
}

// save begins to write a state, when the one before is written.
func (s *saver) save(step int64, meta []byte, tensors []checkpoint.Tensor, workers int) error {
	if _, err := s.wait(); err != nil {
		return err
	}
	if s.copied == nil {
		s.copied = slices.Clone(tensors)
		for i, t := range tensors {
			s.copied[i].Data = make([]float32, len(t.Data))
		}
	}
	parallel.For(workers, len(tensors), func(_, i int) { copy(s.copied[i].Data, tensors[i].Data) })
	s.done = make(chan written, 1)
	go func() {
		began := time.Now()
		err := s.folder.SaveState(step, meta, s.copied)
		s.done <- written{err, time.Since(began)}
	}()
	return nil
}

// wait waits until the state under way is on the disk, and says how long that took; 0 if there is none.
func (s *saver) wait() (time.Duration, error) {
	if s.done == nil {
		return 0, nil
	}
	w := <-s.done
	s.done = nil
	return w.spent, w.err
}

// poll is wait if there is nothing to wait for: an error is known as early as can be.
func (s *saver) poll() (time.Duration, error) {
	if len(s.done) == 0 {
		return 0, nil
	}
	return s.wait()
}
