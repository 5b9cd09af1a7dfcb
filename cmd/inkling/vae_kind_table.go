package main

import (
	"os"
	"strings"

	"inkling/checkpoint"
	"inkling/vae/tables"
)

// ofTables are VAEs of tables.
type ofTables struct{}

func (ofTables) kind() string { return tables.Kind }
func (ofTables) name() string { return "tables" }

func (ofTables) looks(path string) bool {
	name := strings.ToLower(path)
	for _, packed := range []string{".gz", ".zst"} {
		name = strings.TrimSuffix(name, packed)
	}
	for _, ending := range []string{".csv", ".tsv", ".tab"} {
		if strings.HasSuffix(name, ending) {
			info, err := os.Stat(path)
			return err != nil || !info.IsDir()
		}
	}
	return false
}

func (ofTables) train(a *app, t *trainVAECmd) error { return t.table(a) }

func (ofTables) resume(a *app, r *resumeCmd, run *checkpoint.Run) error { return r.resumeTable(a, run) }

func (ofTables) eval(a *app, e *evalCmd) error                      { return e.table(a) }
func (ofTables) score(a *app, s *scoreCmd) error                    { return s.table(a) }
func (ofTables) sample(a *app, s *sampleCmd) error                  { return s.table(a) }
func (ofTables) reconstruct(a *app, r *reconstructCmd) error        { return r.table(a) }
func (ofTables) encode(a *app, e *encodeCmd) error                  { return e.table(a) }
func (ofTables) interpolate(a *app, i *interpolateCmd) error        { return i.table(a) }
func (ofTables) info(a *app, i *infoCmd, run *checkpoint.Run) error { return i.table(a, run) }
func (ofTables) list(l *listed, run *checkpoint.Run) error          { return l.readTable(run) }
