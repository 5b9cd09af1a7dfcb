package train

import (
	"math"
	"testing"
)

func TestSchedules(t *testing.T) {
	at := map[string]map[float64]float64{
		"onecycle": {0: 0.04, 0.05: 0.52, 0.1: 1, 0.55: 0.5, 1: 0},
		"cosine":   {0: 1, 0.5: 0.5, 0.25: 0.8535533905932737, 1: 0},
		"step":     {0: 1, 0.49: 1, 0.5: 0.5, 0.6: 0.25, 0.95: 1.0 / 32},
		"constant": {0: 1, 0.5: 1, 1: 1},
	}
	for _, s := range Schedules {
		if at[s.Name] == nil {
			t.Errorf("%s is not tested", s.Name)
		}
		for f, want := range at[s.Name] {
			if got := s.Factor(f); math.Abs(got-want) > 1e-9 {
				t.Errorf("%s at %g of the run: %g, want %g", s.Name, f, got, want)
			}
		}
		for f := 0.0; f <= 1; f += 0.001 {
			if v := s.Factor(f); v < 0 || v > 1 {
				t.Errorf("%s at %g: %g", s.Name, f, v)
			}
		}
	}
}
