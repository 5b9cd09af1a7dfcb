package train

import (
	"fmt"
	"math"
	"strings"
)

// A Schedule is the factor of the learning rate at a fraction of the run, 0 to 1: it bends itself
// to whatever ends the run, steps or wall time.
type Schedule struct {
	Name, Doc string
	Factor    func(fraction float64) float64
}

// Schedules lists them, the default first.
var Schedules = []Schedule{
	{"onecycle", "up from 1/25 over the first tenth, then down to 0 along a cosine (Smith & Topin 2018)", func(f float64) float64 {
		const warm = 0.1
		if f < warm {
			return 0.04 + 0.96*f/warm
		}
		return cosine((f - warm) / (1 - warm))
	}},
	{"cosine", "down to 0 along a cosine (Loshchilov & Hutter 2017)", cosine},
	{"step", "halved after each tenth of the second half", func(f float64) float64 {
		return math.Pow(0.5, max(0, math.Floor(f*10+1e-9)-4))
	}},
	{"constant", "always the same", func(float64) float64 { return 1 }},
}

func cosine(f float64) float64 { return 0.5 + 0.5*math.Cos(math.Pi*min(max(f, 0), 1)) }

func newSchedule(name string) (func(float64) float64, error) {
	var names []string
	for _, s := range Schedules {
		if s.Name == name {
			return s.Factor, nil
		}
		names = append(names, s.Name)
	}
	return nil, fmt.Errorf("no schedule %q: choose one of %s", name, strings.Join(names, ", "))
}
