package main

import (
	"fmt"
	"strings"

	"inkling/train"
)

// trainedTable is what --json says of a run.
type trainedTable struct {
	trainedRun
	RowsPerS float64      `json:"rows_per_s"`
	Scores   *tableScores `json:"scores"` // null without rows held out
}

func (s *tableSitting) tell(a *app, r train.Result) error {
	of, err := s.training().result(a, r)
	if err != nil {
		return err
	}
	o := trainedTable{trainedRun: of, RowsPerS: of.perSecond()}
	if len(s.held) > 0 {
		if o.Scores, err = scoreHeld(s.model, s.examples()); err != nil {
			return err
		}
		s.cfg.Scores = o.Scores
		if err := s.cfg.write(s.run); err != nil {
			return err
		}
	}
	if err := s.run.WriteFile("README.md", s.card(o)); err != nil {
		return err
	}
	if a.json {
		return a.printJSON(o)
	}
	if o.Valid != nil {
		fmt.Fprintf(a.out, "on the %s held out, nats of each:\n", plural(len(s.held), "row"))
		o.judgedVAE.print(a)
		fmt.Fprintln(a.out)
	}
	dir := quoted(s.run.Dir())
	next := []string{"inkling score " + dir + " " + quoted(s.cfg.Data.File), "inkling sample " + dir + " -n 10000 --seed 7 --out synthetic.csv", "inkling report " + dir + " " + quoted(s.cfg.Data.File) + " synthetic.csv", "inkling info " + dir}
	o.ended(a, o.saw("rows"), "", next...)
	return nil
}

// card is the README.md of a run.
func (s *tableSitting) card(o trainedTable) []byte {
	var b strings.Builder
	c := s.cfg
	fmt.Fprintf(&b, "# A variational auto-encoder of a table\n\n%s, trained with Inkling %s.\n\n", c.Model.Describe(s.table.Columns), c.MadeWith.Version)
	b.WriteString("## Use\n\n    inkling score DIR rows.csv\n    inkling sample DIR -n 10000 --seed 7 --out synthetic.csv\n\nWhat is drawn is not differentially private: the model may have kept what single rows say.\n\n## Data\n\n")
	fmt.Fprintf(&b, "- %s rows, and %s held out, of a file of %s, SHA-256 %s\n", thousands(c.Data.Rows), thousands(c.Data.Held), sizeOf(c.Data.Bytes), c.Data.SHA256)
	for _, f := range s.schema.Columns {
		fmt.Fprintf(&b, "- %s: %s", f.Name, f.Type)
		if f.Why != "" {
			fmt.Fprintf(&b, " (%s)", f.Why)
		}
		b.WriteString("\n")
	}
	b.WriteString("\n## Settings\n\n" + vaeCardSettings(c.Objective, c.Train, c.MadeWith) + o.card("rows"))
	return []byte(b.String())
}
