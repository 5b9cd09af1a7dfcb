package main

import (
	"fmt"
	"image/color"
	"math"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// line is one of a picture: points with a name.
type line struct {
	name string
	x, y []float64
}

// inks are colours that the colour-blind can tell apart (Okabe and Ito 2008), and a dash from the second round on.
var inks = []color.Color{
	color.RGBA{0, 0, 0, 255},
	color.RGBA{230, 159, 0, 255},
	color.RGBA{86, 180, 233, 255},
	color.RGBA{0, 158, 115, 255},
	color.RGBA{213, 94, 0, 255},
	color.RGBA{0, 114, 178, 255},
	color.RGBA{204, 121, 167, 255},
}

// drawLines draws lines over axes of which the second is logarithmic, into a file whose name says what it is: .png or
// .svg.
func drawLines(file, title, xName, yName string, lines []line) error {
	p := gonum.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, xName, yName
	p.Y.Scale, p.Y.Tick.Marker = gonum.LogScale{}, roundTicks{}
	p.X.Padding, p.Y.Padding = vg.Points(4), vg.Points(4)
	p.Legend.Top = true
	if err := addLines(p, lines); err != nil {
		return err
	}
	p.X.Min = 0
	half := math.Pow(10, math.Floor(math.Log10(p.X.Max))) / 2
	p.X.Max = math.Ceil(1.2*p.X.Max/half) * half // room for the legend, where no line ends
	p.Y.Min, p.Y.Max = enclosing(p.Y.Min, p.Y.Max)
	return save(p, file)
}

// addLines draws lines, and says in the legend which is which.
func addLines(p *gonum.Plot, lines []line) error {
	p.Add(plotter.NewGrid())
	for i, l := range lines {
		points := make(plotter.XYs, len(l.x))
		for k := range points {
			points[k].X, points[k].Y = l.x[k], l.y[k]
		}
		drawn, marks, err := plotter.NewLinePoints(points)
		if err != nil {
			return fmt.Errorf("the picture of %s: %w", l.name, err)
		}
		drawn.Color, drawn.Width = inks[i%len(inks)], vg.Points(1.5)
		marks.Color, marks.Radius = drawn.Color, vg.Points(1.5)
		if len(l.x) == 1 {
			marks.Radius = vg.Points(3) // there is no line to find it by
		}
		if i >= len(inks) {
			drawn.Dashes = []vg.Length{vg.Points(4), vg.Points(3)}
		}
		p.Add(drawn, marks)
		p.Legend.Add(l.name, drawn)
	}
	return nil
}

// save writes a picture into a file whose name says what it is: .png or .svg.
func save(p *gonum.Plot, file string) error {
	if err := p.Save(20*vg.Centimeter, 13*vg.Centimeter, file); err != nil {
		return ioFault("%s: %w", file, err)
	}
	return nil
}

// roundTicks marks a logarithmic axis at round numbers.
type roundTicks struct{}

func (roundTicks) Ticks(least, most float64) (ticks []gonum.Tick) {
	for v := range roundNumbers {
		if v >= least*(1-1e-9) && v <= most*(1+1e-9) {
			ticks = append(ticks, gonum.Tick{Value: v, Label: fmt.Sprintf("%.4g", v)})
		}
	}
	return ticks
}

// enclosing are the round numbers around a range.
func enclosing(least, most float64) (from, to float64) {
	from, to = least, most
	for v := range roundNumbers {
		if v <= least {
			from = v
		}
		if v >= most {
			return from, v
		}
	}
	return from, to
}

// roundNumbers from small to large.
func roundNumbers(yield func(float64) bool) {
	for power := 1e-6; power < 1e12; power *= 10 {
		for _, digits := range []float64{1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8} {
			if !yield(digits * power) {
				return
			}
		}
	}
}

// marks are one number for each name below a picture, with what it is uncertain by.
type marks struct {
	name      string
	y, spread []float64
}

// drawMarks draws marks above names, side by side, by a logarithmic axis, into a file whose name says what it is: .png or .svg.
func drawMarks(file, title, yName string, names []string, sets ...marks) error {
	p := gonum.New()
	p.Title.Text, p.Y.Label.Text = title, yName
	p.Y.Scale, p.Y.Tick.Marker = gonum.LogScale{}, gonum.LogTicks{Prec: -1}
	p.Legend.Top, p.Legend.Left = true, true
	p.Add(plotter.NewGrid())
	for i, set := range sets {
		var points uncertain
		for at, y := range set.y {
			x := float64(at) + 0.15*(float64(i)-float64(len(sets)-1)/2)
			points.XYs = append(points.XYs, plotter.XY{X: x, Y: y})
			points.YErrors = append(points.YErrors, struct{ Low, High float64 }{min(set.spread[at], 0.9*y), set.spread[at]})
		}
		drawn, err := plotter.NewScatter(points)
		if err != nil {
			return fmt.Errorf("the picture of %s: %w", set.name, err)
		}
		bars, err := plotter.NewYErrorBars(points)
		if err != nil {
			return fmt.Errorf("the picture of %s: %w", set.name, err)
		}
		drawn.Color, drawn.Radius, drawn.Shape = inks[i%len(inks)], vg.Points(3), draw.CircleGlyph{}
		bars.Color = drawn.Color
		p.Add(bars, drawn)
		p.Legend.Add(set.name, drawn)
	}
	p.NominalX(names...)
	p.X.Min, p.X.Max, p.Y.Padding = -0.5, float64(len(names))-0.5, vg.Points(4)
	p.Y.Min, p.Y.Max = math.Pow(10, math.Floor(math.Log10(p.Y.Min))), math.Pow(10, math.Ceil(math.Log10(p.Y.Max)))
	return save(p, file)
}

// uncertain are points with error bars.
type uncertain struct {
	plotter.XYs
	plotter.YErrors
}
