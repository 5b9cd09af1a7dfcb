package main

import "slices"

// median of the values; the mean of the middle two when there is an even number, 0 when there is none.
func median(byRound map[int]float64) float64 {
	v := sorted(byRound)
	n := len(v)
	if n == 0 {
		return 0
	}
	return (v[(n-1)/2] + v[n/2]) / 2
}

// halfRange is half the distance between the least and the greatest value.
func halfRange(byRound map[int]float64) float64 {
	v := sorted(byRound)
	if len(v) == 0 {
		return 0
	}
	return (v[len(v)-1] - v[0]) / 2
}

// ratios divides a by b, round by round, where both have a value.
func ratios(a, b map[int]float64) map[int]float64 {
	r := map[int]float64{}
	for round, x := range a {
		if y := b[round]; y > 0 {
			r[round] = x / y
		}
	}
	return r
}

func sorted(byRound map[int]float64) []float64 {
	v := make([]float64, 0, len(byRound))
	for _, x := range byRound {
		v = append(v, x)
	}
	slices.Sort(v)
	return v
}
