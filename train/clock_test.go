package train_test

import (
	"strings"
	"testing"
	"time"

	"inkling/train"
)

// TestClockJumps trains with a budget on a clock that ticks ten milliseconds whenever it is looked at, and
// then again on one that jumps by hours, forwards and back: the run takes as many steps, and its time never
// runs backwards.
func TestClockJumps(t *testing.T) {
	train1 := func(jumps map[int]time.Duration) (steps int, warnings []string) {
		at, looks := time.Unix(1e9, 0), 0
		defer train.SetNow(func() time.Time {
			looks++
			at = at.Add(10*time.Millisecond + jumps[looks])
			return at
		})()
		last := 0.0
		r := run(t, model(t), train.Config{
			Budget: 2 * time.Second, Shards: 2, Validations: 3, Warn: func(m string) { warnings = append(warnings, m) },
			Progress: func(p train.Progress) {
				if p.Seconds < last {
					t.Errorf("step %d: %g seconds after %g", p.Step, p.Seconds, last)
				}
				last = p.Seconds
			},
		})
		if r.Interrupted || r.Seconds < 1.9 || r.Seconds > 2.1 {
			t.Errorf("%d steps in %g seconds, interrupted %v", r.Steps, r.Seconds, r.Interrupted)
		}
		return r.Steps, warnings
	}
	want, quiet := train1(nil)
	got, warnings := train1(map[int]time.Duration{20: 10 * time.Hour, 60: -5 * time.Hour, 100: time.Hour})
	if len(quiet) > 0 {
		t.Errorf("warnings of a steady clock: %q", quiet)
	}
	if len(warnings) != 3 || !strings.Contains(warnings[0], "the clock jumped by 10h0m0s, which is not counted") {
		t.Errorf("warnings %q", warnings)
	}
	if got < want-2 || got > want+2 {
		t.Errorf("%d steps, and %d on a clock that does not jump", got, want)
	}
}
