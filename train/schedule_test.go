package train

import (
	"math"
	"testing"
)

func TestSchedules(t *testing.T) {
	at := map[string]map[Place]float64{
		"onecycle": {{Fraction: 0}: 0.04, {Fraction: 0.05}: 0.52, {Fraction: 0.1}: 1, {Fraction: 0.55}: 0.5, {Fraction: 1}: 0},
		"cosine":   {{Fraction: 0}: 1, {Fraction: 0.5}: 0.5, {Fraction: 0.25}: 0.8535533905932737, {Fraction: 1}: 0},
		"step":     {{Fraction: 0}: 1, {Fraction: 0.49}: 1, {Fraction: 0.5}: 0.5, {Fraction: 0.6}: 0.25, {Fraction: 0.95, Epoch: 100}: 1.0 / 32},
		"plateau":  {{Fraction: 0}: 1, {Fraction: 1, Epoch: 9}: 1, {Plateaus: 1}: 0.5, {Fraction: 0.2, Plateaus: 3}: 0.125},
		"constant": {{Fraction: 0}: 1, {Fraction: 0.5, Plateaus: 2}: 1, {Fraction: 1}: 1},
	}
	for _, k := range Schedules {
		if at[k.Name] == nil {
			t.Errorf("%s is not tested", k.Name)
		}
		var o ScheduleOptions
		s, err := newSchedule(k.Name, &o)
		if err != nil {
			t.Fatal(err)
		}
		for place, want := range at[k.Name] {
			if got := s.Factor(o, place); math.Abs(got-want) > 1e-9 {
				t.Errorf("%s at %+v: %g, want %g", k.Name, place, got, want)
			}
		}
		for f := 0.0; f <= 1; f += 0.001 {
			if v := s.Factor(o, Place{Fraction: f}); v < 0 || v > 1 {
				t.Errorf("%s at %g: %g", k.Name, f, v)
			}
		}
	}
}

// TestStepByEpochs has the rates of Zaremba et al. (2014): of the small model, 1 for four epochs and halved with
// each from then on; of the medium, six epochs and 0.8.
func TestStepByEpochs(t *testing.T) {
	for _, c := range []struct {
		o    ScheduleOptions
		want map[float64]float64
	}{
		{ScheduleOptions{After: 4}, map[float64]float64{0: 1, 3: 1, 3.999: 1, 4: 0.5, 4.999: 0.5, 5: 0.25, 12: 1.0 / 512}},
		{ScheduleOptions{After: 6, Factor: 0.8}, map[float64]float64{5.999: 1, 6: 0.8, 7.5: 0.64}},
		{ScheduleOptions{After: 1, Factor: 0.1}, map[float64]float64{0.999: 1, 1: 0.1, 2: 0.01}},
	} {
		s, err := newSchedule("step", &c.o)
		if err != nil {
			t.Fatal(err)
		}
		for epoch, want := range c.want {
			if got := s.Factor(c.o, Place{Fraction: epoch / 13, Epoch: epoch}); math.Abs(got-want) > 1e-12 {
				t.Errorf("%+v in epoch %g: %g, want %g", c.o, epoch, got, want)
			}
		}
	}
}

func TestScheduleOptionsAreChecked(t *testing.T) {
	for _, o := range []ScheduleOptions{{Factor: 1}, {Factor: -0.5}, {Factor: math.NaN()}, {After: -1}, {Patience: -1}} {
		if _, err := newSchedule("step", &o); err == nil {
			t.Errorf("%+v accepted", o)
		}
	}
	o := ScheduleOptions{}
	if _, err := newSchedule("plateau", &o); err != nil || o.Patience != defaultPatience || o.Factor != 0.5 {
		t.Errorf("plateau is completed to %+v, %v", o, err)
	}
}
