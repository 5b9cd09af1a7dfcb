package vae

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Anneals are the ways in which the divergence's weight comes up: from 0 to 1 over Warm passes ("linear", Bowman et al. 2016), or again
// and again, over the first half of each Warm passes ("cyclical", Fu et al. 2019).
var Anneals = []string{"linear", "cyclical"}

func (o *Objective) completeAnneal() error {
	switch {
	case o.Anneal == "" && o.Warm != 0:
		return fmt.Errorf("%g passes of annealing, and no annealing: choose linear or cyclical", o.Warm)
	case o.Anneal == "":
		return nil
	case !slices.Contains(Anneals, o.Anneal):
		return fmt.Errorf("no annealing %.64q: choose linear or cyclical", o.Anneal)
	}
	o.Warm = cmp.Or(o.Warm, 10)
	if !(o.Warm > 0 && o.Warm <= 1e6) {
		return fmt.Errorf("%g passes of annealing: must be above 0", o.Warm)
	}
	return nil
}

// warmth is the share of the divergence's weight after so many passes over the data.
func (o Objective) warmth(epoch float64) float64 {
	switch o.Anneal {
	case "linear":
		return min(1, epoch/o.Warm)
	case "cyclical":
		return min(1, 2*math.Mod(epoch, o.Warm)/o.Warm)
	}
	return 1
}
