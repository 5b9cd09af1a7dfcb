package main

import (
	"io"
	"os"

	"inkling/data"
	"inkling/vae/tables"
)

// tableFlags say how a table is read and modelled.
type tableFlags struct {
	Schema     string `help:"What columns are, where they are not what they look like: a JSON file, as --plan --json writes it." placeholder:"FILE" env:"-" group:"A table" of:"tables"`
	Components *int   `help:"Logistics that a number is a mixture of; 3." placeholder:"N" group:"A table" of:"tables"`
}

// mostSchema bounds a schema, in bytes.
const mostSchema = 4 << 20

// schema is what the user says of columns.
func (f tableFlags) schema() (s tables.Schema, err error) {
	if f.Schema == "" {
		return s, nil
	}
	file, err := os.Open(f.Schema)
	if err != nil {
		return s, data.InWords(f.Schema, err)
	}
	defer file.Close()
	raw, err := io.ReadAll(io.LimitReader(file, mostSchema+1))
	if err != nil {
		return s, data.InWords(f.Schema, err)
	}
	if len(raw) > mostSchema {
		return s, badInput("%s has more than %s: a schema is what --plan --json writes", f.Schema, sizeOf(mostSchema))
	}
	if s, err = tables.ReadSchema(raw); err != nil {
		return s, badInput("%s: %w", f.Schema, err)
	}
	return s, nil
}
