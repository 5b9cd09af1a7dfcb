package fidelity

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"percent": func(v float64) string { return fmt.Sprintf("%.1f %%", 100*v) },
	"three":   func(v float64) string { return fmt.Sprintf("%.3f", v) },
	"bars":    barsOf, "heat": heat, "steps": steps,
}).Parse(pageText))

// WriteHTML writes the report as one page with its pictures in it, which asks for nothing from elsewhere. title is what it is about.
func (r *Report) WriteHTML(w io.Writer, title string) error {
	return page.Execute(w, struct {
		*Report
		Title string
	}{r, title})
}

// barsOf is a column's distribution in both tables, one over the other.
func barsOf(m Marginal) template.HTML {
	const width, height = 320.0, 90.0
	top := 1e-9
	for _, list := range m.Bars {
		for _, v := range list {
			top = max(top, v)
		}
	}
	n := len(m.Bars[0])
	if n == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %g %g" role="img">`, width, height)
	each := width / float64(n)
	for i, class := range []string{"real", "made"} {
		for k, v := range m.Bars[i] {
			h := height * v / top
			at := float64(k)*each + float64(i)*each*0.2
			fmt.Fprintf(&b, `<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f"><title>%s: %.2f %%</title></rect>`,
				class, at, height-h, each*0.75, h, template.HTMLEscapeString(m.Labels[k]), 100*v)
		}
	}
	b.WriteString("</svg>")
	return template.HTML(b.String()) // every text in it is escaped
}

// heat is a matrix from −1, blue, to 1, red.
func heat(names []string, m [][]float64, of [][]float64) template.HTML {
	const cell = 14.0
	n := len(names)
	size := cell * float64(n)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="heat" viewBox="0 0 %g %g" role="img">`, size, size)
	for i := range n {
		for k := range n {
			v := m[i][k]
			if of != nil {
				v = m[i][k] - of[i][k]
			}
			fmt.Fprintf(&b, `<rect x="%g" y="%g" width="%g" height="%g" fill="%s"><title>%s, %s: %.3f</title></rect>`,
				cell*float64(k), cell*float64(i), cell, cell, colour(v), template.HTMLEscapeString(names[i]), template.HTMLEscapeString(names[k]), v)
		}
	}
	b.WriteString("</svg>")
	return template.HTML(b.String())
}

func colour(v float64) string {
	v = min(max(v, -1), 1)
	pale := func(share float64) int { return int(255 - 200*share) }
	if v < 0 {
		return fmt.Sprintf("rgb(%d,%d,255)", pale(-v), pale(-v))
	}
	return fmt.Sprintf("rgb(255,%d,%d)", pale(v), pale(v))
}

// steps are both distribution functions of distances.
func steps(d Distances) template.HTML {
	const width, height = 420.0, 160.0
	most := 1e-9
	for _, list := range d.lists {
		if len(list) > 0 {
			most = max(most, list[len(list)-1])
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="steps" viewBox="0 0 %g %g" role="img">`, width, height)
	for i, class := range []string{"made", "real"} {
		fmt.Fprintf(&b, `<polyline class="%s" points="`, class)
		list := d.lists[i]
		const points = 100
		for k := 0; k <= points && len(list) > 0; k++ {
			v := list[min(k*len(list)/points, len(list)-1)]
			fmt.Fprintf(&b, "%.1f,%.1f ", width*v/most, height*(1-float64(k)/points))
		}
		b.WriteString(`"/>`)
	}
	b.WriteString("</svg>")
	return template.HTML(b.String())
}
