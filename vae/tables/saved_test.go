package tables

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"inkling/checkpoint"
)

// saveToy writes a folder as a run does, and gives the model that is in it.
func saveToy(t testing.TB, dir string) *Model {
	t.Helper()
	m, _ := toy(t, Config{})
	run, err := checkpoint.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	config, err := json.Marshal(Header{Format: Format, Kind: Kind, Model: m.Table})
	if err != nil {
		t.Fatal(err)
	}
	columns, err := (&Saved{Learned: m.Columns}).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	var tensors []checkpoint.Tensor
	for _, p := range m.Params() {
		tensors = append(tensors, checkpoint.Tensor{Name: p.Name, Shape: p.Shape, Data: p.Value})
	}
	for _, err := range []error{run.WriteFile("config.json", config), run.WriteFile(ColumnsFile, columns), run.SaveModel(tensors, nil)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func load(dir string) (*Model, error) {
	run, err := checkpoint.OpenRead(dir)
	if err != nil {
		return nil, err
	}
	defer run.Close()
	m, _, _, err := Load(run)
	return m, err
}

// TestSaved: a model that is loaded draws the same rows.
func TestSaved(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	m := saveToy(t, dir)
	again, err := load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(m.Table, again.Table) || !Same(m.Columns, again.Columns) {
		t.Errorf("%+v came back as %+v", m.Table, again.Table)
	}
	var drawn [2]bytes.Buffer
	for i, m := range []*Model{m, again} {
		if err := m.Draw(context.Background(), 100, Draws{Temperature: 1, Seed: 1}, func(l []byte) error { drawn[i].Write(l); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(drawn[0].Bytes(), drawn[1].Bytes()) {
		t.Error("a loaded model draws other rows")
	}
}

// TestDamaged: folders that are not as they were written are refused, with a word on what is wrong.
func TestDamaged(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	saveToy(t, dir)
	for _, c := range []struct{ file, old, new, want string }{
		{"config.json", `"format":1`, `"format":9`, "by a newer inkling"},
		{"config.json", `"kind":"table"`, `"kind":"vae"`, "not a VAE of a table"},
		{"config.json", `"latent":2`, `"latent":3`, "the config asks for"},
		{"config.json", `"latent":2`, `"latent":-3`, "must be at least 1"},
		{"config.json", `"objective":{"name":""}`, `"objective":{"name":"ae"}`, "says nothing of how rows"},
		{"config.json", `"components":3`, `"components":99`, "must be at least 1 and at most"},
		{ColumnsFile, `"type":"integer"`, `"type":"dates"`, "choose one of"},
		{ColumnsFile, `"type":"integer"`, `"type":"skip"`, "left out"},
		{ColumnsFile, `"levels":`, `"levels":1`, "begin at 1 and end at the last"},
		{ColumnsFile, `"levels":`, `"levels":-`, "a grid of"},
		{ColumnsFile, `"edges":[1,`, `"edges":[1,1,`, "edges with"},
		{ColumnsFile, `"counts":[`, `"counts":[1,`, "values with"},
		{ColumnsFile, `"counts":[1`, `"counts":[2`, "counts add up"},
		{ColumnsFile, `"rows":360`, `"rows":0`, "0 rows"},
		{ColumnsFile, `"values":["`, `"values":["x\u0000`, ""},
	} {
		path := filepath.Join(dir, c.file)
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		changed := strings.Replace(string(before), c.old, c.new, 1)
		if changed == string(before) {
			t.Fatalf("%s has no %s: %.600s", c.file, c.old, before)
		}
		if err := os.WriteFile(path, []byte(changed), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := load(dir); c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s with %s: %v, want %q", c.file, c.new, err, c.want)
		}
		if err := os.WriteFile(path, before, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// FuzzColumns: whatever columns.json says, a model is made of it or it is refused, and what is made can score and draw.
func FuzzColumns(f *testing.F) {
	m, _ := toy(f, Config{})
	raw, err := (&Saved{Learned: m.Columns}).Bytes()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte(`{"learned":[{"name":"a","type":"integer","rows":3,"blank":0,"grid":1,"levels":2,"edges":[1],"logits":[0]}]}`))
	f.Add([]byte(`{"learned":[{"name":"a","type":"number","rows":3,"blank":2,"low":-1e300,"grid":1e290,"levels":1000,"decimals":-1,"edges":[1,999],"logits":[0,0]}]}`))
	f.Add([]byte(`{"learned":[{"name":"a","type":"category","rows":3,"values":["b"],"counts":[2],"rare":1}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := ReadSaved(raw)
		if err != nil {
			if strings.Contains(err.Error(), "\n") || len(err.Error()) > 600 {
				t.Errorf("an error of %d bytes: %q", len(err.Error()), err)
			}
			return
		}
		m, err := New(Config{Latent: 2, Hidden: []int{3}, Embed: 2, Output: "full"}, s.Learned)
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := m.Draw(context.Background(), 3, Draws{Temperature: 1}, func(l []byte) error { b.Write(l); return nil }); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzTable: whatever a file holds, it is read or refused in a line, twice alike, and every cell has a code that is written as it was read.
func FuzzTable(f *testing.F) {
	f.Add([]byte(made(60, 1)))
	f.Add([]byte("a;b\r\n1;\"x\ny\"\r\n,\r\n"))
	f.Add([]byte("\ufeffa,b\n1e5,NA\n-0,inf\n"))
	f.Add([]byte("a,b\n1e300,9007199254740993\n-1e300,0.1\n1,2\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := NewReader(bytes.NewReader(text), "t")
		if err != nil {
			checkLine(t, err)
			return
		}
		s, err := NewSurvey(r, Schema{})
		if err != nil {
			checkLine(t, err)
			return
		}
		schema, err := s.Schema()
		if err != nil {
			checkLine(t, err)
			return
		}
		again, err := NewReader(bytes.NewReader(text), "t")
		if err != nil {
			t.Fatal(err)
		}
		table, learn, held, err := Learn(again, s, schema, 0.2, 1)
		if err != nil {
			checkLine(t, err)
			return
		}
		if len(learn)+len(held) != table.Rows {
			t.Fatalf("%d and %d of %d rows", len(learn), len(held), table.Rows)
		}
		alone := Alone(table.Columns)
		for j, c := range table.Columns {
			if err := c.check(); err != nil {
				t.Fatalf("%s: what was learned is refused: %v", c.Name, err)
			}
			for _, code := range table.Codes[j] {
				if l := alone.LogProb(j, code); !(l <= 1e-6 && l > -1e4) {
					t.Fatalf("%s: code %d has log p %g", c.Name, code, l)
				}
				if !c.known(code) {
					continue
				}
				cell := string(c.Append(nil, code))
				if again := c.Code(cell); again != code && cell != RareCell && c.Decimals >= 0 {
					t.Fatalf("%s: code %d is written as %q, which has code %d", c.Name, code, cell, again)
				}
			}
		}
	})
}

func checkLine(t *testing.T, err error) {
	if len(err.Error()) > 2000 {
		t.Errorf("an error of %d bytes: %.500q", len(err.Error()), err)
	}
}

// FuzzSchema: whatever a schema says, it is read or refused.
func FuzzSchema(f *testing.F) {
	f.Add([]byte(`{"columns": [{"name": "a", "type": "number", "step": 0.5, "missing": ["x"]}], "rows": 3}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := ReadSchema(raw)
		if err != nil {
			checkLine(t, err)
			return
		}
		if err := s.check(); err != nil {
			t.Errorf("%s is read, and not right: %v", raw, err)
		}
	})
}
