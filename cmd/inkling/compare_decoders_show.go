package main

import (
	"fmt"
	"math"
	"path/filepath"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
)

func (c *decodersCompared) print(a *app) error {
	if a.json {
		return a.printJSON(c)
	}
	number := func(format string, v *float64, scale float64) string {
		if v == nil {
			return "–"
		}
		return fmt.Sprintf(format, scale**v)
	}
	rows := [][]string{
		{"decoder", "log-probability", "certified", "search errors", "gap", "states", "calls", "ms", "median", "repeated", "distinct"},
		{"the text itself", number("%.2f", c.Text.LogProb, 1), "", "", "", "", "", "", "", number("%.1f %%", c.Text.Repeated, 100), number("%.1f %%", c.Text.Distinct, 100)},
	}
	incomplete := 0
	for _, r := range c.Results {
		logp := number("%.2f", r.LogProb, 1)
		if r.Complete < c.Beginnings {
			logp += "*"
			incomplete++
		}
		certified := ""
		if isSearch(r.Decoder) {
			certified = fmt.Sprint(r.Certified)
		}
		rows = append(rows, []string{
			rung{name: r.Decoder, option: r.Option}.String(), logp, certified, number("%.1f %%", r.Errors, 100), number("%.3f", r.Gap, 1), short(r.States), short(r.Calls),
			short(r.Time), short(r.MedianTime), number("%.1f %%", r.Repeated, 100), number("%.1f %%", r.Distinct, 100),
		})
	}
	table(a.out, rows...)
	of := ""
	if c.Beginnings < c.Asked {
		of = thousands(c.Beginnings) + " of "
	}
	fmt.Fprintf(a.out, "\n%s%s of %s, %s to write after %s. The likeliest text was proved for %s of them; search errors are of these.\n",
		of, plural(c.Asked, "beginning"), c.File, plural(c.MaxTokens, "token"), plural(c.Read, "token"), thousands(c.Certified))
	if incomplete > 0 {
		fmt.Fprintln(a.out, "* of the texts that were complete when the time or the nodes were spent.")
	}
	if c.Picture != "" {
		fmt.Fprintf(a.out, "Milliseconds against log-probability: %s\n", c.Picture)
	}
	return nil
}

// short is a number of three digits or more.
func short(x float64) string {
	switch {
	case x >= 100:
		return thousands(int(math.Round(x)))
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}

// draw shows what time buys: decoders of several widths are lines, others points.
func (c *decodersCompared) draw() error {
	p := gonum.New()
	p.Title.Text = fmt.Sprintf("%s: %s after %s", filepath.Base(c.Dir), plural(c.MaxTokens, "token"), plural(c.Beginnings, "beginning"))
	p.X.Label.Text, p.Y.Label.Text = "milliseconds for a text, the median", "log-probability of the text, nats"
	p.X.Scale, p.X.Tick.Marker = gonum.LogScale{}, gonum.LogTicks{Prec: -1}
	var lines []line
	least, most := math.Inf(1), 0.0
	for _, r := range c.Results {
		if r.LogProb == nil || r.MedianTime <= 0 {
			continue
		}
		least, most = min(least, r.MedianTime), max(most, r.MedianTime)
		if n := len(lines); r.width > 0 && n > 0 && lines[n-1].name == r.Decoder {
			lines[n-1].x, lines[n-1].y = append(lines[n-1].x, r.MedianTime), append(lines[n-1].y, *r.LogProb)
			continue
		}
		name := r.Decoder
		if r.width == 0 {
			name = rung{name: r.Decoder, option: r.Option}.String()
		}
		lines = append(lines, line{name, []float64{r.MedianTime}, []float64{*r.LogProb}})
	}
	if len(lines) == 0 {
		return nil
	}
	least, most = math.Pow(10, math.Floor(math.Log10(least))), math.Pow(10, math.Ceil(math.Log10(most)))
	if y := c.Text.LogProb; y != nil {
		lines = append(lines, line{"the text itself", []float64{least, most}, []float64{*y, *y}})
	}
	if err := addLines(p, lines); err != nil {
		return err
	}
	p.X.Min, p.X.Max = least, most
	p.Legend.YOffs, p.Y.Padding = 4*vg.Centimeter, vg.Points(4) // what takes long is seldom bad
	return save(p, c.Picture)
}
