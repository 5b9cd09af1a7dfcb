package main

import (
	"io"
	"os"

	"inkling/data"
	"inkling/vae/tables"
)

// tableFlags say how a table is read and modelled.
type tableFlags struct {
	Schema      string  `help:"What columns are, where they are not what they look like: a JSON file, as --plan --json writes it." placeholder:"FILE" env:"-" group:"A table"`
	TableOutput *string `name:"output" help:"The output layer of columns of many values: ${enum}; adaptive unless given." enum:"${outputs}" placeholder:"NAME" env:"-" group:"A table"`
	Components  *int    `help:"Logistics that a number is a mixture of; 3." placeholder:"N" group:"A table"`
	Embed       *int    `name:"embed" help:"Size of the embedding of a column of many values; 32." placeholder:"N" env:"-" group:"A table"`
}

// given names the first flag that was given, if any.
func (f tableFlags) given() string {
	switch {
	case f.Schema != "":
		return "--schema"
	case f.TableOutput != nil:
		return "--output"
	case f.Components != nil:
		return "--components"
	case f.Embed != nil:
		return "--embed"
	}
	return ""
}

// ofPictures names the first flag that was given of those that say nothing of tables.
func (t *trainVAECmd) ofPictures() string {
	switch {
	case t.Gray:
		return "--gray"
	case t.Limit != 0:
		return "--limit"
	case t.Binarize != "":
		return "--binarize"
	case t.Levels != nil:
		return "--levels"
	case t.Net != "dense":
		return "--net"
	case t.Likelihood != "bernoulli":
		return "--likelihood"
	}
	return ""
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
