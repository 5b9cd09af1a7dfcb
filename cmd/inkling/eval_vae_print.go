package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

func (o *evaluatedVAE) print(a *app) {
	fmt.Fprintf(a.out, "nats of each of %s:\n", plural(o.Examples, "picture"))
	if o.point {
		o.judgedVAE.print(a)
		return
	}
	rows := [][]string{}
	if o.BoundKind != "elbo" {
		rows = append(rows, []string{"log p(x) ≥", within(o.Bound, o.StandardError) + "   by " + o.BoundKind})
	}
	elbo := fmt.Sprintf("%.2f", o.ELBO)
	if o.BoundKind == "elbo" {
		elbo = within(o.ELBO, o.StandardError)
	}
	rows = append(rows,
		[]string{"ELBO", elbo + fmt.Sprintf("   log p(x|z) %.2f − KL %.2f", o.Reconstruction, o.KL)},
		[]string{"active units", o.active()},
		[]string{"I_q(x; z)", strings.TrimRight(within(o.Information, &o.InformationSE)+"   "+o.information(), " ")},
	)
	if o.BitsPerNumber != nil {
		rows = append(rows, []string{"bits per number", fmt.Sprintf("%.4f", *o.BitsPerNumber)})
	}
	list(a.out, rows...)
	if o.improper != "" {
		fmt.Fprintln(a.out, "\n"+o.improper)
	}
	if o.AIS != nil {
		o.AIS.print(a, "picture")
	}
	if o.Gaps != nil {
		o.Gaps.print(a, o.BoundKind)
	}
	printUnits(a, o.Divergences)
	if why := cmp.Or(o.collapse(), o.partly()); why != "" {
		fmt.Fprintln(a.out, "\n"+why)
	}
}

// printUnits tells what each unit costs, the most telling first.
func printUnits(a *app, divergences [][]float64) {
	first := 1
	for l, kl := range divergences {
		title := "KL by unit, nats"
		if len(divergences) > 1 {
			title += fmt.Sprintf(", layer %d", l+1)
		}
		fmt.Fprintf(a.out, "\n%s:\n", title)
		units := make([]int, len(kl))
		for i := range units {
			units[i] = i
		}
		slices.SortStableFunc(units, func(i, k int) int { return cmp.Compare(kl[k], kl[i]) })
		var rows [][]string
		const columns = 5
		for row := range slices.Chunk(units, columns) {
			var cells []string
			for _, u := range row {
				cells = append(cells, fmt.Sprint(first+u), fmt.Sprintf("%.3f ", kl[u]))
			}
			rows = append(rows, cells)
		}
		table(a.out, rows...)
		first += len(kl)
	}
}

// within is a value with its standard error.
func within(value float64, e *float64) string {
	if e == nil {
		return fmt.Sprintf("%.2f", value)
	}
	return fmt.Sprintf("%.2f ± %.2f", value, *e)
}
