package train

import (
	"testing"
	"time"
)

// SetNow replaces the clock of the runs that begin after it.
func SetNow(clock func() time.Time) (restore func()) {
	before := now
	now = clock
	return func() { now = before }
}

func TestStopwatch(t *testing.T) {
	var at time.Time
	w := newStopwatch(func() time.Time { return at })
	var step, validation time.Duration
	for i, c := range []struct {
		longest    *time.Duration
		passes     time.Duration
		want, jump time.Duration
	}{
		{&step, 90 * time.Second, 90 * time.Second, 0}, // the first of its kind may take what it takes
		{&step, 80 * time.Second, 80 * time.Second, 0},
		{&step, -5 * time.Hour, 0, -5 * time.Hour},
		{&step, 29 * time.Minute, 29 * time.Minute, 0}, // slow, but not twenty times as slow
		{&step, 10 * time.Hour, 29 * time.Minute, 10*time.Hour - 29*time.Minute},
		{&validation, time.Second, time.Second, 0}, // a kind of its own
		{&validation, 59 * time.Second, 59 * time.Second, 0},
		{&validation, time.Hour, 59 * time.Second, time.Hour - 59*time.Second},
		{&validation, time.Minute, time.Minute, 0},
	} {
		at = at.Add(c.passes)
		if d, jump := w.lap(c.longest); d != c.want || jump != c.jump {
			t.Errorf("lap %d of %v: %v, a jump of %v; want %v, %v", i, c.passes, d, jump, c.want, c.jump)
		}
	}
}
