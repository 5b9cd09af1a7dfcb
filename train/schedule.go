package train

import (
	"cmp"
	"fmt"
	"math"
	"strings"
)

// A Schedule is the factor of the learning rate at a place of the run. It is a pure function of that: by the
// fraction of the run it bends itself to whatever ends the run, steps or wall time. One that looks at
// validations is no exception: what it must remember of them is a number, which the loop counts and saves.
type Schedule struct {
	Name, Doc string
	Factor    func(o ScheduleOptions, at Place) float64
	Validated bool // it is driven by validations, and needs some
}

// A Place is where a run stands.
type Place struct {
	Fraction float64 // of the run, 0 to 1
	Epoch    float64 // passes over the data
	Plateaus int     // how often ScheduleOptions.Patience validations in a row brought no new best
}

// ScheduleOptions of all schedules; a zero value means the default given here.
type ScheduleOptions struct {
	Factor   float64 `json:"factor,omitempty"`   // of step and plateau: the rate is multiplied by it at each drop; 0.5
	After    int     `json:"after,omitempty"`    // of step: epochs at the full rate, which then drops with each; 0: by tenths of the run
	Patience int     `json:"patience,omitempty"` // of plateau: validations without a new best before a drop; 2
}

// Schedules lists them, the default first. Zaremba et al. (2014) train their small model of PTB by step with
// After 4: four epochs at the full rate, which is halved at the beginning of each epoch from then on.
var Schedules = []Schedule{
	{Name: "onecycle", Doc: "up from 1/25 over the first tenth, then down to 0 along a cosine (Smith & Topin 2018)", Factor: func(_ ScheduleOptions, at Place) float64 {
		const warm = 0.1
		if at.Fraction < warm {
			return 0.04 + 0.96*at.Fraction/warm
		}
		return cosine((at.Fraction - warm) / (1 - warm))
	}},
	{Name: "cosine", Doc: "down to 0 along a cosine (Loshchilov & Hutter 2017)", Factor: func(_ ScheduleOptions, at Place) float64 { return cosine(at.Fraction) }},
	{Name: "step", Doc: "halved after each tenth of the second half, or after each epoch from a given one on", Factor: func(o ScheduleOptions, at Place) float64 {
		drops := math.Floor(at.Fraction*10+1e-9) - 4
		if o.After > 0 {
			drops = math.Floor(at.Epoch) - float64(o.After) + 1
		}
		return math.Pow(o.Factor, max(0, drops))
	}},
	{Name: "plateau", Doc: "halved whenever validations bring no new best for a while", Validated: true, Factor: func(o ScheduleOptions, at Place) float64 {
		return math.Pow(o.Factor, float64(at.Plateaus))
	}},
	{Name: "constant", Doc: "always the same", Factor: func(ScheduleOptions, Place) float64 { return 1 }},
}

func cosine(f float64) float64 { return 0.5 + 0.5*math.Cos(math.Pi*min(max(f, 0), 1)) }

// defaultPatience of plateau: with twenty validations a run, the rate of one that learns nothing more drops
// ten times.
const defaultPatience = 2

// newSchedule completes the options and finds the schedule.
func newSchedule(name string, o *ScheduleOptions) (*Schedule, error) {
	o.Factor = cmp.Or(o.Factor, 0.5)
	switch {
	case !(o.Factor > 0 && o.Factor < 1):
		return nil, fmt.Errorf("a schedule whose rate is multiplied by %g at each drop: must be above 0 and below 1", o.Factor)
	case o.After < 0 || o.Patience < 0:
		return nil, fmt.Errorf("a schedule with drops after %d epochs and a patience of %d validations: must not be negative", o.After, o.Patience)
	}
	var names []string
	for i, s := range Schedules {
		if s.Name == name {
			if s.Validated {
				o.Patience = cmp.Or(o.Patience, defaultPatience)
			}
			return &Schedules[i], nil
		}
		names = append(names, s.Name)
	}
	return nil, fmt.Errorf("no schedule %q: choose one of %s", name, strings.Join(names, ", "))
}
