package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"inkling/checkpoint"
	"inkling/vae"
	"inkling/vae/tables"
)

// defaultTableBatch is what tables learn well with: rows are short.
const defaultTableBatch = 500

// table trains a VAE of a table.
func (t *trainVAECmd) table(a *app) error {
	switch {
	case len(t.Latent) > 1:
		return usage("--latent %s: a model of a table has one stochastic layer: give one number", strings.ReplaceAll(strings.Trim(fmt.Sprint(t.Latent), "[]"), " ", ","))
	case t.Path == "-":
		return usage("a table is read twice: give it as a file, and not as standard input")
	}
	if err := check(bound{"--components", t.Components, 1, 64}, bound{"--embed", t.Embed, 1, 4096}); err != nil {
		return err
	}
	for _, size := range t.Latent {
		if err := check(bound{"--latent", &size, 1, mostSize}); err != nil {
			return err
		}
	}
	c, err := t.tableConfig()
	if err != nil {
		return err
	}
	s, err := newTableSitting(a, c, nil)
	if err != nil {
		return err
	}
	if len(s.held) == 0 {
		if err := t.checkHeld(t.Valid); err != nil {
			return err
		}
	}
	if t.Plan {
		return s.plan(a)
	}
	if s.run, err = newRun(t.Out, strings.TrimSuffix(t.Path, ".gz")); err != nil {
		return err
	}
	defer s.run.Close()
	return s.begin(a)
}

// tableConfig are the settings, with nothing left open but what depends on the table.
func (t *trainVAECmd) tableConfig() (*tableConfig, error) {
	of, err := t.config()
	if err != nil {
		return nil, err
	}
	given, err := t.schema()
	if err != nil {
		return nil, err
	}
	c := &tableConfig{
		Header: tables.Header{
			Format: tables.Format, Kind: tables.Kind, Objective: of.Objective,
			Model: tables.Config{Activation: t.Activation, Components: valueOr(t.Components, 0), Embed: valueOr(t.Embed, 0), Output: valueOr(t.Output, "")},
		},
		Train: of.Train, MadeWith: of.MadeWith,
		Data: tableSource{File: t.Path, Given: given, ValidShare: of.Data.ValidShare},
	}
	if len(t.Latent) == 1 {
		c.Model.Latent = t.Latent[0]
	}
	if len(of.Model.Hidden) == 1 {
		c.Model.Hidden = of.Model.Hidden[0]
	}
	if t.Batch == nil {
		c.Train.Batch = defaultTableBatch
		c.Train.Shards = min(c.Train.Shards, defaultTableBatch)
	}
	if err := tables.CompleteObjective(&c.Objective); err != nil {
		return nil, usage("%w", err)
	}
	return c, nil
}

// tableSitting is one go at a run of a VAE of a table, from its beginning or from where it stopped.
type tableSitting struct {
	run         *checkpoint.Run
	cfg         *tableConfig
	schema      tables.Schema
	table       *tables.Table
	learn, held []int32
	need        memoryPlan
	model       *tables.Model
	fit         *vae.Fit
}

// newTableSitting reads the table twice, settles what depends on it, checks that all of it fits into the memory, and makes the model. same refuses
// another table than a run began with; nil: any.
func newTableSitting(a *app, c *tableConfig, same func(tableSource) error) (*tableSitting, error) {
	s := &tableSitting{cfg: c}
	d := &c.Data
	var err error
	if d.Bytes, d.SHA256, err = hashed(d.File); err != nil {
		return nil, err
	}
	if same != nil {
		if err := same(*d); err != nil {
			return nil, err
		}
	}
	if err := s.read(a); err != nil {
		return nil, err
	}
	if d.File, err = filepath.Abs(d.File); err != nil {
		return nil, err
	}
	d.Rows, d.Held = len(s.learn), len(s.held)
	s.describe(a)
	if c.Objective.Aggressive && d.Held == 0 {
		return nil, usage("--aggressive ends when the encoder tells no more about what is held out, and nothing is: give --valid a share, or leave --aggressive out")
	}
	c.Model.Seed = c.Train.Seed
	output := c.Model.Output
	if err := c.Model.Complete(s.table.Columns); err != nil {
		return nil, usage("%w", err)
	}
	if output != c.Model.Output && output != "" {
		return nil, usage("--output is for columns of many values, and none is one: leave it out, or make a column a vocabulary with --schema")
	}
	c.Train.Shards = min(c.Train.Shards, c.Train.Batch, d.Rows)
	if s.need, err = planTable(c, s.table.Columns, s.table.Bytes()); err != nil {
		return nil, usage("%w", err)
	}
	if err := s.need.check(a.memory(), "this run", "make --hidden, --embed or --batch smaller, or leave columns of many values out with a schema"); err != nil {
		return nil, err
	}
	s.need.hold()
	if s.model, err = tables.New(c.Model, s.table.Columns); err != nil {
		return nil, usage("%w", err)
	}
	c.Model = s.model.Table
	s.fit = &vae.Fit{Model: s.model.Model, Objective: c.Objective}
	return s, nil
}

// read reads the table, first to see what its columns are, then into codes.
func (s *tableSitting) read(a *app) error {
	d := s.cfg.Data
	first, err := tables.Open(d.File)
	if err != nil {
		return err
	}
	defer first.Close()
	survey, err := tables.NewSurvey(first, d.Given)
	if err != nil {
		return err
	}
	if s.schema, err = survey.Schema(); err != nil {
		return err
	}
	if codes := 4 * int64(survey.Rows) * int64(len(survey.Header)); a.memory() > 0 && codes > a.memory() {
		return badInput("%s has %s rows of %s, which take %s, and there are %s: bring a part of it, or raise --memory",
			d.File, thousands(survey.Rows), plural(len(survey.Header), "column"), sizeOf(codes), sizeOf(a.memory()))
	}
	second, err := tables.Open(d.File)
	if err != nil {
		return err
	}
	defer second.Close()
	s.table, s.learn, s.held, err = tables.Learn(second, survey, s.schema, d.ValidShare, s.cfg.Train.Seed)
	return err
}

// describe tells what was found, and what is left out.
func (s *tableSitting) describe(a *app) {
	for _, f := range s.schema.Columns {
		if f.Type == tables.Skip {
			why := f.Why
			if why == "" {
				why = "as the schema says"
			}
			a.note("column %s is left out: %s", f.Name, why)
		}
	}
	held := "none held out"
	if len(s.held) > 0 {
		held = thousands(len(s.held)) + " held out"
	}
	a.note("%s of %s to learn from, %s", plural(len(s.learn), "row"), plural(len(s.table.Columns), "column"), held)
}

func (s *tableSitting) saved() *tables.Saved {
	return &tables.Saved{Schema: s.schema, Learned: s.table.Columns}
}

// begin writes down what was settled, trains and reports.
func (s *tableSitting) begin(a *app) error {
	if err := s.run.Writable(); err != nil {
		return err
	}
	raw, err := s.saved().Bytes()
	if err != nil {
		return err
	}
	if len(raw) > checkpoint.MaxFile {
		return badInput("the values of all columns take %s, and a run holds at most %s of them: leave columns of many long values out with a schema", sizeOf(int64(len(raw))), sizeOf(checkpoint.MaxFile))
	}
	if err := s.run.WriteFile(tables.ColumnsFile, raw); err != nil {
		return err
	}
	if err := s.cfg.write(s.run); err != nil {
		return err
	}
	return s.trainAndReport(a)
}

func (s *tableSitting) examples() tables.Examples { return tables.Examples{Table: s.table, Of: s.held} }

// training is what package train does with the run.
func (s *tableSitting) training() *vaeTraining {
	t := &vaeTraining{run: s.run, settings: s.cfg.Train, fit: s.fit, unit: "rows", source: &tables.Source{Table: s.table, Of: s.learn, Size: s.cfg.Train.Batch, Seed: s.cfg.Train.Seed}}
	if len(s.held) > 0 {
		t.held, t.few = s.examples(), func(n int) vae.Examples {
			return tables.Examples{Table: s.table, Of: s.held[:min(n, len(s.held))]}
		}
	}
	return t
}

func (s *tableSitting) trainAndReport(a *app) error {
	return s.training().report(a, s.tell)
}

// plannedTable is what --plan --json says, and --schema takes.
type plannedTable struct {
	tables.Schema
	Rows      int        `json:"rows"`
	Training  memoryPlan `json:"training"`
	Available int64      `json:"available"`
}

// plan tells what the columns are taken for, and what memory the run would take.
func (s *tableSitting) plan(a *app) error {
	if a.json {
		return a.printJSON(plannedTable{s.schema, len(s.learn) + len(s.held), s.need, a.memory()})
	}
	printSchema(a, s.schema, s.table.Columns)
	fmt.Fprintln(a.out)
	printPlans(a, namedPlan{"training", s.need})
	return nil
}
