package train

import "time"

// A stopwatch adds up what training takes, lap by lap. The system's clock may jump: a laptop sleeps, a
// virtual machine is moved, and on some systems the time away is counted. A budget must not be spent on
// that: a lap that goes backwards counts as nothing, and one that takes longer than jumpAfter and
// jumpTimes as long as the longest before it of its kind counts as that one.
type stopwatch struct {
	now  func() time.Time
	last time.Time
}

const (
	jumpAfter = time.Minute
	jumpTimes = 20
)

func newStopwatch(now func() time.Time) *stopwatch { return &stopwatch{now, now()} }

// lap is the time since the lap before, and how much of it was a jump and is not counted. longest is the
// longest lap of its kind so far, 0 if there was none.
func (w *stopwatch) lap(longest *time.Duration) (d, jump time.Duration) {
	t := w.now()
	d, w.last = t.Sub(w.last), t
	switch {
	case d < 0:
		return 0, d
	case *longest > 0 && d > jumpAfter && d > jumpTimes*(*longest):
		return *longest, d - *longest
	}
	*longest = max(*longest, d)
	return d, 0
}
