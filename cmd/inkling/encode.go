package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"inkling/vae"
)

type encodeCmd struct {
	Dir  string `arg:"" help:"Folder of the model."`
	Path string `arg:"" help:"Pictures, documents or a table, as train vae takes them; or sentences, lines of a file, or - for standard input."`

	Out        string `help:"Where to: NAME.npy, NAME.csv, or - for standard output." default:"-" placeholder:"-" env:"-"`
	Deviations bool   `help:"Behind the means give log σ of each latent variable."`
	Limit      int    `help:"Only the first N." placeholder:"N"`
	partFlag
}

// Help is what encode --help says beside the flags.
func (*encodeCmd) Help() string {
	return `For each picture, document, sentence or row, in order, come the means of q(z|x), of two stochastic layers those of the last: a line of numbers with tabs between
them; in a .csv file with commas, below a line of names; in a .npy file a matrix of float32. With --json and no file a line is an
object: index, of a document title, mean, and with --deviations log_sigma. Pictures are made black and white as those were that the model learnt from.`
}

// encoded is an example as --json gives it.
type encoded struct {
	Index    int       `json:"index"`
	Title    string    `json:"title,omitempty"` // of a document
	Mean     []float32 `json:"mean"`
	LogSigma []float32 `json:"log_sigma,omitempty"`
}

func (e *encodeCmd) Run(a *app) error {
	k, err := a.vaeIn(e.Dir)
	if err != nil {
		return err
	}
	if k != nil {
		return k.encode(a, e)
	}
	return e.numbers(a) // which says what the folder is instead
}

// numbers writes what pictures come to.
func (e *encodeCmd) numbers(a *app) error {
	if err := check(bound{"--limit", &e.Limit, 0, unbounded}); err != nil {
		return err
	}
	kind, err := e.kind()
	if err != nil {
		return err
	}
	m, c, err := openVAE(a, e.Dir)
	if err != nil {
		return err
	}
	seen, err := e.pictures(a, e.Path, c, e.Limit)
	if err != nil {
		return err
	}
	return e.write(a, m, seen, "pictures", kind, func(i int) encoded { return encoded{Index: i} })
}

// write writes what examples, "pictures" or others, come to, as objects with what one says of each beside.
func (e *encodeCmd) write(a *app, m *vae.Model, seen vae.Examples, name, kind string, of func(i int) encoded) (err error) {
	if m.Config.Point && e.Deviations {
		return usage("--deviations: %s is an auto-encoder, whose z is a point: leave it out", e.Dir)
	}
	a.orderly()
	width := m.Top()
	if e.Deviations {
		width *= 2
	}
	rows := func(emit func([]float32) error) error {
		return m.Encodings(a.ctx, seen, func(q []float32) error {
			if e.Deviations {
				return emit(q)
			}
			return emit(firstOf(q, 2*m.Top(), width))
		})
	}
	switch {
	case kind == ".npy":
		err = writeNPY(e.Out, []int{seen.Len(), width}, rows)
	case kind == ".csv":
		err = writeOut(e.Out, func(w io.Writer) error { return writeRows(w, ",", e.names(m), width, rows) })
	case a.json:
		return e.objects(a, m.Top(), width, rows, of)
	default:
		return writeRows(a.out, "\t", nil, width, rows)
	}
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(map[string]any{"out": e.Out, name: seen.Len()})
	}
	fmt.Fprintf(a.out, "%s: %s of %s\n", e.Out, plural(seen.Len(), "line"), plural(width, "number"))
	return nil
}

// kind is what is written, by the name of the file; "" of standard output.
func (e *encodeCmd) kind() (string, error) {
	if e.Out == "-" {
		return "", nil
	}
	return suffix("--out", e.Out, ".npy", ".csv")
}

// firstOf keeps the first numbers of each row.
func firstOf(rows []float32, width, keep int) (kept []float32) {
	for ; len(rows) > 0; rows = rows[width:] {
		kept = append(kept, rows[:keep]...)
	}
	return kept
}

// names are those of columns.
func (e *encodeCmd) names(m *vae.Model) []string { return e.namesOf(m.Top()) }

// namesOf are those for so many latent variables.
func (e *encodeCmd) namesOf(d int) (names []string) {
	for i := range d {
		names = append(names, fmt.Sprintf("z%d", i+1))
	}
	if e.Deviations {
		for i := range d {
			names = append(names, fmt.Sprintf("log_sigma%d", i+1))
		}
	}
	return names
}

// writeRows writes rows as text, each number in as many digits as it needs to be read back.
func writeRows(w io.Writer, between string, names []string, width int, rows func(emit func([]float32) error) error) error {
	b := bufio.NewWriterSize(w, readBytes)
	for i, name := range names {
		if i > 0 {
			b.WriteString(between)
		}
		b.WriteString(name)
	}
	if len(names) > 0 {
		b.WriteByte('\n')
	}
	err := rows(func(x []float32) error {
		for i, v := range x {
			b.Write(strconv.AppendFloat(b.AvailableBuffer(), float64(v), 'g', -1, 32))
			if i%width == width-1 {
				b.WriteByte('\n')
			} else {
				b.WriteString(between)
			}
		}
		return b.Flush()
	})
	if err != nil {
		return err
	}
	return b.Flush()
}

// objects writes a line of JSON for each example.
func (e *encodeCmd) objects(a *app, d, width int, rows func(emit func([]float32) error) error, of func(i int) encoded) error {
	b, n := bufio.NewWriterSize(a.out, readBytes), 0
	lines := json.NewEncoder(b)
	return rows(func(x []float32) error {
		for ; len(x) > 0; x = x[width:] {
			p := of(n)
			p.Mean, p.LogSigma = x[:d], x[d:width]
			if err := lines.Encode(p); err != nil {
				return err
			}
			n++
		}
		return b.Flush()
	})
}
