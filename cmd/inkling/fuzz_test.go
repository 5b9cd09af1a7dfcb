package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"inkling/checkpoint"
	"inkling/data"
	"inkling/lm"
)

// FuzzArguments parses and checks any command line, its arguments one a line, and runs none.
func FuzzArguments(f *testing.F) {
	for _, line := range wrong {
		f.Add(strings.Join(strings.Fields(line), "\n"))
	}
	for _, line := range []string{
		"--help", "train lm --help", "generate model --prompt=x --stop \\n --stop=\\u00e9 -n 3 --json", "train lm - --valid 0.2 --budget 1m30s --memory 2GiB --embed 8 --tied",
		"bench matmul --m 3 --n 4 --k 5 --form nt", "eval model -", "--threads 3 info", "score model - --above 0x1p3 --per-char --tokens", "resume dir --", "generate -- model",
		"train lm text.txt --lr NaN", "train lm text.txt --decay Inf --clip 1e999", "generate model --temp 0x1p-3 --top-k +5",
	} {
		f.Add(strings.Join(strings.Fields(line), "\n"))
	}
	f.Fuzz(func(t *testing.T, line string) {
		var args []string
		if line != "" {
			args = strings.Split(line, "\n")
		}
		var c cli
		var out, stderr bytes.Buffer
		command, err := parse(&c, args, &out, &stderr, func(int) {})
		if err == nil {
			switch name := command.Command(); {
			case strings.HasPrefix(name, "train lm"):
				err = c.Train.LM.check()
			case strings.HasPrefix(name, "generate"):
				_, _, err = c.Generate.request()
			case strings.HasPrefix(name, "score"):
				err = c.Score.check()
			case strings.HasPrefix(name, "bench"):
				err = c.Bench.check(0)
			}
		}
		if err != nil {
			code := report(&stderr, err)
			if code != codeUsage && code != codeInput {
				t.Errorf("%q: exit code %d: %v", args, code, err)
			}
			if said := stderr.String(); !strings.HasPrefix(said, "inkling: ") || strings.Count(said, "\n") != 1 || len(said) > 4*len(line)+1000 {
				t.Errorf("%q: not one line: %q", args, said)
			}
		}
	})
}

// FuzzConfig describes a run of any config and any metrics, as info does.
func FuzzConfig(f *testing.F) {
	vocab, _ := data.Chars("to be, or not to be")
	c := runConfig{
		Header: lm.Header{Format: lm.Format, Kind: "lm", Model: lm.Config{Arch: "lstm", Hidden: 8, Layers: 1, Output: "full"}}, Tokens: "char",
		Train: settings{Batch: 4, Time: 8, Steps: 100, Budget: duration(time.Minute), Optimizer: "adamw", Schedule: "onecycle", Shards: 2, Precision: "float32"},
		Data:  dataSource{File: "text.txt", Bytes: 1000, TrainTokens: 900, ValidTokens: 100},
	}
	config, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		f.Fatal(err)
	}
	metrics := `{"step":1,"loss":2.5,"valid":2.6,"seconds":0.5}` + "\n"
	f.Add(config, []byte(metrics+metrics+metrics+metrics))
	f.Add(config, []byte(metrics+`{"step":9223372036854775807,"loss":-1e308,"valid":1e308,"seconds":1e300}`+"\n"+metrics+metrics))
	f.Add(config, []byte(`{"loss":1e-320}`+"\n"+`{"loss":null}`+"\n{}\n{}\n"))
	f.Add(config, []byte(metrics+"{\"step\":\n"+metrics))
	for _, edit := range [][2]string{
		{`"batch": 4`, `"batch": -4`},
		{`"time": 8`, `"time": 65536`},
		{`"1m0s"`, `"-2562047h47m16.854775808s"`},
		{`"hidden": 8`, `"hidden": 65536`},
		{`"tokens": "char"`, `"tokens": "\u001b[2J"`},
		{`"train_tokens": 900`, `"train_tokens": 72057594037927936`},
		{`"format": 1`, `"format": 1, "Format": 1`},
	} {
		f.Add(bytes.Replace(config, []byte(edit[0]), []byte(edit[1]), 1), []byte(metrics))
	}
	dir := f.TempDir()
	var tokenizer bytes.Buffer
	if err := vocab.WriteTokenizer(&tokenizer); err != nil {
		f.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tokenizer.json"), tokenizer.Bytes(), 0o666); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, config, metrics []byte) {
		for name, content := range map[string][]byte{"config.json": config, "metrics.jsonl": metrics} {
			if err := os.WriteFile(filepath.Join(dir, name), content, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		for _, asJSON := range []bool{false, true} {
			run, err := checkpoint.OpenRead(dir)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			err = (&infoCmd{Dir: dir}).run(&app{ctx: context.Background(), out: &output{w: &out}, err: io.Discard, json: asJSON}, run)
			run.Close()
			if err != nil {
				var stderr bytes.Buffer
				if code := report(&stderr, err); code != codeInput || strings.Count(stderr.String(), "\n") != 1 || stderr.Len() > 1000 || !strings.HasPrefix(err.Error(), dir) {
					t.Errorf("exit code %d: %s", code, stderr.String())
				}
			} else if asJSON && !json.Valid(out.Bytes()) {
				t.Errorf("not JSON: %s", out.Bytes())
			}
		}
	})
}

// FuzzTexts writes with a small model after any prompt, up to any text.
func FuzzTexts(f *testing.F) {
	for _, s := range [][2]string{{"", ""}, {"to be", "e"}, {"Ω\xff\ufffd", `\n`}, {"\x00", `\x41\u00e9\`}, {"t", `\"`}, {"\u2028", "\xff"}, {"be", `\400`}} {
		f.Add(s[0], s[1], uint64(1), true)
		f.Add(s[0], s[1], uint64(2), false)
	}
	chars, _ := data.Chars("to be, or not to be é\n")
	bytesOf, _ := data.Bytes("x")
	var models []*lm.Model
	for _, v := range []*data.Vocab{chars, bytesOf} {
		m, err := lm.New(lm.Config{Hidden: 4, Counts: v.Counts})
		if err != nil {
			f.Fatal(err)
		}
		models = append(models, m)
	}
	f.Fuzz(func(t *testing.T, prompt, stop string, seed uint64, asBytes bool) {
		vocab, model := chars, models[0]
		if asBytes {
			vocab, model = bytesOf, models[1]
		}
		temp := 1.5
		g := generateCmd{Prompt: prompt, Stop: []string{stop}, MaxTokens: 24, N: 2, Seed: &seed, Decoder: "sample", samplingFlags: samplingFlags{Temp: &temp}}
		decoder, req, err := g.request()
		if err != nil {
			if code := codeOf(err); code != codeUsage {
				t.Errorf("exit code %d: %v", code, err)
			}
			return
		}
		ids, report := vocab.EncodeReport(prompt)
		for _, line := range report.Lines() {
			if strings.Contains(oneLine(line), "\n") {
				t.Errorf("not one line: %q", line)
			}
		}
		req.Prefix, req.Piece = opening(vocab, ids), vocab.PieceAfter
		streamed := make([]strings.Builder, g.N)
		req.Stream = func(sample int, piece string) { streamed[sample].WriteString(piece) }
		texts, err := decoder.Decode(context.Background(), model, req)
		if err != nil || len(texts) != g.N {
			t.Fatalf("%d texts, %v", len(texts), err)
		}
		for i, h := range texts {
			if len(h.Tokens) > g.MaxTokens || h.Text != streamed[i].String() || !utf8.ValidString(h.Text) && utf8.ValidString(req.Stop[0]) && !asBytes {
				t.Errorf("%+v, streamed %q", h, streamed[i].String())
			}
			if strings.Contains(h.Text, req.Stop[0]) {
				t.Errorf("%q goes on after %q", h.Text, req.Stop[0])
			}
		}
	})
}

// FuzzLines scores any input, cut anywhere, with small models of characters and bytes.
func FuzzLines(f *testing.F) {
	for _, text := range []string{"", "\n", "to be\nor not\r\n\nto be", "\xff\n\x00\r\r\n", "Ω\u2028é\t\"<&>\"\n", "\n\n\n", "a\r", strings.Repeat("be ", 300)} {
		f.Add([]byte(text), uint8(3), true)
		f.Add([]byte(text), uint8(0), false)
	}
	chars, _ := data.Chars("to be, or not to be é\n")
	bytesOf, _ := data.Bytes("x")
	var judges []*lineJudge
	for _, v := range []*data.Vocab{chars, bytesOf.WithItems()} {
		m, err := lm.New(lm.Config{Hidden: 4, Counts: v.Counts})
		if err != nil {
			f.Fatal(err)
		}
		judges = append(judges, newLineJudge(m, v))
	}
	f.Fuzz(func(t *testing.T, text []byte, piece uint8, asBytes bool) {
		judge := judges[0]
		if asBytes {
			judge = judges[1]
		}
		want := cutByHand(string(text))
		var in io.Reader = bytes.NewReader(text)
		if piece > 0 {
			in = &pieces{text, int(piece)}
		}
		var plain, values bytes.Buffer
		columns := newScoreWriter(&app{out: &output{w: &plain}}, &scoreCmd{}, judge.frame.vocab)
		objects := newScoreWriter(&app{out: &output{w: &values}, json: true}, &scoreCmd{Tokens: true}, judge.frame.vocab)
		for b := range readLines(context.Background(), in, "input") {
			lines, err := judge.score(context.Background(), &b)
			if err != nil || b.err != nil {
				t.Fatal(err, b.err)
			}
			for i := range lines {
				if !columns.write(&lines[i]) || !objects.write(&lines[i]) {
					t.Errorf("%q has no probability", lines[i].text)
				}
			}
		}
		columns.Flush()
		objects.Flush()
		rows, objectsOut := strings.SplitAfter(plain.String(), "\n"), json.NewDecoder(&values)
		if len(rows) != len(want)+1 || rows[len(want)] != "" {
			t.Fatalf("%d lines, and %d came out", len(want), len(rows)-1)
		}
		for i, line := range want {
			var s lineScore
			if err := objectsOut.Decode(&s); err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(rows[i], "\t"+line+"\n") || !(s.Bits > 0) || s.Tokens != len(s.Pieces) || s.Chars != utf8.RuneCountInString(line)+1 {
				t.Errorf("%q: %q, %+v", line, rows[i], s)
			}
		}
	})
}

// pieces is a text that comes in pieces of so many bytes.
type pieces struct {
	rest []byte
	size int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.rest[:min(p.size, len(p.rest))])
	p.rest = p.rest[n:]
	return n, nil
}
