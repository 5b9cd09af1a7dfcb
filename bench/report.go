package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/cpuid/v2"
)

// report collects the rows of all rounds and writes them as Markdown.
type report struct {
	programs []program
	args     []string
	began    time.Time
	load     string // the machine's load when it began
	tables   []*table
}

// table is one case.
type table struct {
	name  string
	lines []*line
}

// line is one row of the table: the same program, shape, numbers and setting in every round.
type line struct {
	shape, program, dtype, setting, unit, isa string
	threads                                   int
	value, gflops, share                      map[int]float64 // by round
}

func newReport(programs []program, args []string, began time.Time) *report {
	load, _ := os.ReadFile("/proc/loadavg")
	one, _, _ := strings.Cut(string(load), " ")
	return &report{programs: programs, args: args, began: began, load: one}
}

// add takes what one program measured of one case in one round.
func (r *report) add(name string, round int, p program, rows []row) {
	i := slices.IndexFunc(r.tables, func(t *table) bool { return t.name == name })
	if i < 0 {
		i = len(r.tables)
		r.tables = append(r.tables, &table{name: name})
	}
	t := r.tables[i]
	for _, row := range rows {
		if row.Name != name {
			continue // such as the peak, which comes along with every case
		}
		l := t.line(row, p)
		l.value[round], l.gflops[round], l.share[round] = row.Value, row.GFLOPS, row.PeakShare
	}
}

// line finds or makes the line that a row belongs to. Settings that a peer chose by measuring may differ from
// round to round: "best: …" is one line, under the setting of its first round.
func (t *table) line(r row, p program) *line {
	kind, _, _ := strings.Cut(r.Setting, ":")
	for _, l := range t.lines {
		known, _, _ := strings.Cut(l.setting, ":")
		if l.shape == r.shape() && l.program == p.name && l.dtype == r.dtype() && known == kind {
			return l
		}
	}
	l := &line{
		shape: r.shape(), program: p.name, dtype: r.dtype(), setting: r.Setting, unit: r.Unit, isa: r.ISA, threads: r.Threads,
		value: map[int]float64{}, gflops: map[int]float64{}, share: map[int]float64{},
	}
	t.lines = append(t.lines, l)
	return l
}

// ours is Inkling's line for the work of l: with the same kind of numbers, else in float32; nil if there is none.
func (t *table) ours(l *line, inkling string) *line {
	var found *line
	for _, o := range t.lines {
		if o.program == inkling && o.shape == l.shape && (o.dtype == l.dtype || o.dtype == "float32" && found == nil) {
			found = o
		}
	}
	return found
}

// peak is the machine's float32 peak in GFLOP/s as Inkling measured it with line o: share and rate belong together.
func (o *line) peak() float64 {
	if o == nil {
		return 0
	}
	rate, share := median(o.gflops), median(o.share)
	if share <= 0 {
		return 0
	}
	return rate / share
}

// markdown is the whole report.
func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Inkling and PyTorch side by side, %s\n\n", r.began.Format("2006-01-02 15:04"))
	fmt.Fprintf(&b, "- machine: %s, %d cores, %s/%s\n", cpuid.CPU.BrandName, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	if r.load != "" {
		fmt.Fprintf(&b, "- load when it began: %s\n", r.load)
	}
	for _, p := range r.programs {
		fmt.Fprintf(&b, "- %s\n", p.version)
	}
	fmt.Fprintf(&b, "- command: `%s`\n", r.command())
	b.WriteString("\nMedians over the rounds, ± half the range. Share: of this machine's float32 peak as Inkling measures it, so bfloat16 can " +
		"pass 100 %. Ratio: Inkling's figure (same numbers, else float32) over this one, median of the ratios within a round.\n")

	for _, t := range r.tables {
		fmt.Fprintf(&b, "\n## %s\n\n", t.name)
		b.WriteString("| work | program | numbers | setting | median | GFLOP/s | share | ratio |\n|---|---|---|---|---|---|---|---|\n")
		t.sort(r.programs)
		for _, l := range t.lines {
			o := t.ours(l, r.programs[0].name)
			share, ratio := "", ""
			if peak := o.peak(); peak > 0 {
				share = fmt.Sprintf("%.0f %%", 100*median(l.gflops)/peak)
			}
			if o != nil && l.program != o.program {
				ratio = fmt.Sprintf("%.2f×", median(ratios(o.value, l.value)))
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %.0f ± %.0f %s | %.1f | %s | %s |\n", l.shape, l.program, l.dtype, l.how(),
				median(l.value), halfRange(l.value), l.unit, median(l.gflops), share, ratio)
		}
	}
	return b.String()
}

// sort puts lines of the same work together, Inkling first.
func (t *table) sort(programs []program) {
	var shapes []string
	for _, l := range t.lines {
		if !slices.Contains(shapes, l.shape) {
			shapes = append(shapes, l.shape)
		}
	}
	rank := func(l *line) int {
		program := slices.IndexFunc(programs, func(p program) bool { return p.name == l.program })
		return slices.Index(shapes, l.shape)*len(programs) + program
	}
	slices.SortStableFunc(t.lines, func(a, b *line) int { return rank(a) - rank(b) })
}

// how says the way a line was run.
func (l *line) how() string {
	var parts []string
	for _, s := range []string{l.isa, l.setting} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if l.threads > 0 {
		parts = append(parts, fmt.Sprintf("%d threads", l.threads))
	}
	return strings.Join(parts, ", ")
}

// command is the line that was typed, with the variables that change what is measured.
func (r *report) command() string {
	words := []string{}
	for _, v := range os.Environ() {
		for _, prefix := range []string{"INKLING_ISA=", "INKLING_THREADS=", "PEER_PYTHON=", "GOMAXPROCS=", "OMP_", "OPENBLAS_", "MKL_", "ONEDNN_", "DNNL_"} {
			if strings.HasPrefix(v, prefix) {
				words = append(words, v)
			}
		}
	}
	slices.Sort(words)
	return strings.Join(append(append(words, "go run ./bench"), r.args...), " ")
}

// fileName is the name of the report: the date, and the cases when they are not all.
func (r *report) fileName(chosen []string) string {
	name := r.began.Format("2006-01-02")
	if len(chosen) < len(cases) {
		name += "-" + strings.Join(chosen, "-")
	}
	if isa := os.Getenv("INKLING_ISA"); isa != "" {
		name += "-" + isa
	}
	return name + ".md"
}
