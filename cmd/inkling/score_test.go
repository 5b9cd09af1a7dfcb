package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"inkling/checkpoint"
	"inkling/data"
	"inkling/lm"
)

const scoreText = "the rays of light\nfall upon a glass,\n\nand pass on to the eye\nthe eye of the light\n"

// judged are vocabularies of every kind, and the tokens that a line has in them: what is read first, what is scored.
var judged = []struct {
	name  string
	vocab func() *data.Vocab
	frame func(v *data.Vocab, line string) (read, scored []int)
}{
	{"char", func() *data.Vocab { v, _ := data.Chars(scoreText); return v }, chain},
	{"byte", func() *data.Vocab { v, _ := data.Bytes(scoreText); return v }, chain},
	{"words of Unicode", func() *data.Vocab { v, _ := data.Words(scoreText, data.WordOptions{}); return v }, chain},
	{"words between spaces", func() *data.Vocab {
		v, _ := data.Words(scoreText, data.WordOptions{Split: "space", MinCount: 2})
		return v
	}, chain},
	{"bpe", bpe, chain},
	{"char, items", func() *data.Vocab { v, _ := data.Chars(scoreText); return v.WithItems() }, item},
	{"byte, items", func() *data.Vocab { v, _ := data.Bytes(scoreText); return v.WithItems() }, item},
	{"words, items", func() *data.Vocab { v, _ := data.Words("a line", data.WordOptions{}); return v.WithItems() }, item},
	{"bpe, items", func() *data.Vocab { return bpe().WithItems() }, item},
	{"char without line ends", func() *data.Vocab { v, _ := data.Chars("the rays of light"); return v }, endless},
	{"words without line ends", func() *data.Vocab { v, _ := data.Words("the rays of light", data.WordOptions{}); return v }, endless},
}

func bpe() *data.Vocab {
	v, _ := data.TrainBPE(strings.Repeat(scoreText, 3), 300)
	return v
}

// chain is a line after another, item one that is a whole, endless one that has no ends.
func chain(v *data.Vocab, line string) (read, scored []int) {
	return v.Encode("\n"), v.Encode(line + "\n")
}

func item(v *data.Vocab, line string) (read, scored []int) {
	return []int{v.Begin}, append(v.Encode(line), v.End)
}

func endless(v *data.Vocab, line string) (read, scored []int) {
	all := v.Encode(line)
	return all[:min(1, len(all))], all[min(1, len(all)):]
}

// alone scores tokens one by one, after those that are only read.
func alone(m *lm.Model, read, scored []int) (logProbs []float64) {
	s, all := m.Start(), make([]float32, m.Vocab())
	for _, token := range read {
		s = m.Next(s, token)
	}
	for _, token := range scored {
		m.LogProbs(all, s)
		logProbs = append(logProbs, float64(all[token]))
		s = m.Next(s, token)
	}
	return logProbs
}

// trickyLines are lines of all sorts, and some that are longer than a block.
func trickyLines() []string {
	lines := []string{
		"", "t", "the rays of light", " ", "\x00", "\xff\xfe", "a\xffb\xe2\x82", "Ω and é", "the\trays", "a\rb", "\u2028", "<|begin|>", "<unk>",
		strings.Repeat("the eye ", 300), strings.Repeat("x", blockBytes+5), "",
	}
	for i := range 300 {
		lines = append(lines, scoreText[i%20:20+i%50], strings.Repeat("le", i%17))
	}
	for i, line := range lines {
		lines[i] = strings.ReplaceAll(line, "\n", "/")
	}
	return lines
}

// TestScoreIsAlone holds lines that are scored side by side against each by itself, with vocabularies of every kind.
func TestScoreIsAlone(t *testing.T) {
	lines := trickyLines()
	for _, c := range judged {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			vocab := c.vocab()
			model, err := lm.New(lm.Config{Hidden: 6, Embed: 4, Counts: vocab.Counts, Seed: 3})
			if err != nil {
				t.Fatal(err)
			}
			judge, done, blocks := newLineJudge(model, vocab), 0, 0
			for b := range readLines(context.Background(), strings.NewReader(strings.Join(lines, "\n")+"\n"), "lines") {
				scored, err := judge.score(context.Background(), &b)
				if err != nil || b.err != nil {
					t.Fatal(err, b.err)
				}
				blocks++
				for _, l := range scored {
					line := lines[done]
					read, tokens := c.frame(vocab, line)
					want := alone(model, read, tokens)
					if l.text != line || !slices.Equal(l.tokens, tokens) || len(l.logProbs) != len(want) {
						t.Fatalf("line %d: %.100q with tokens %.100v, not %.100q with %.100v", done, l.text, fmt.Sprint(l.tokens), line, fmt.Sprint(tokens))
					}
					total := 0.0
					for i, p := range l.logProbs {
						total += want[i]
						if math.Abs(float64(p)-want[i]) > 1e-5*max(1, -want[i]) {
							t.Fatalf("line %d, %.100q: token %d has %g, alone %g", done, line, i, p, want[i])
						}
					}
					if math.Abs(l.logProb()-total) > 1e-5*max(1, -total) {
						t.Errorf("line %d, %.100q: %g, alone %g", done, line, l.logProb(), total)
					}
					_, report := vocab.EncodeReport(line)
					if l.unknown != report.Unseen+report.Invalid {
						t.Errorf("line %d, %.100q: %d unknown, not %d", done, line, l.unknown, report.Unseen+report.Invalid)
					}
					if chars := len([]rune(line)) + 1; judge.frame.ends && l.chars != chars || !judge.frame.ends && l.chars != max(0, chars-2) {
						t.Errorf("line %d, %.100q: %d characters", done, line, l.chars)
					}
					done++
				}
			}
			if done != len(lines) || blocks < 2 {
				t.Errorf("%d of %d lines in %d blocks", done, len(lines), blocks)
			}
		})
	}
}

// TestScoreSumsToOne: the probabilities of all lines of up to some characters, and what is left for longer ones, are 1.
func TestScoreSumsToOne(t *testing.T) {
	chars, _ := data.Chars("ab\nba\n")
	for _, vocab := range []*data.Vocab{chars, chars.WithItems()} {
		model, err := lm.New(lm.Config{Hidden: 5, Counts: vocab.Counts, Seed: 4})
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for length, these := 0, []string{""}; length < 5; length++ {
			lines = append(lines, these...)
			var longer []string
			for _, l := range these {
				longer = append(longer, l+"a", l+"b", l+"\uFFFD")
			}
			these = longer
		}
		judge, sum, longer := newLineJudge(model, vocab), 0.0, 0.0
		b := lineBlock{first: 1}
		for _, l := range lines {
			b.text = append(b.text, l...)
			b.ends = append(b.ends, len(b.text))
			b.text = append(b.text, '\n')
		}
		scored, err := judge.score(context.Background(), &b)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range scored {
			sum += math.Exp(l.logProb())
		}
		// What is not in these lines is in longer ones, or in tokens that no line has: Begin, and of items "\n".
		all := make([]float32, vocab.Size())
		var walk func(s any, p float64, depth int)
		walk = func(s any, p float64, depth int) {
			model.LogProbs(all, s)
			next := slices.Clone(all)
			for token, l := range next {
				q := p * math.Exp(float64(l))
				ends := vocab.Tokens[token] == "\n" && vocab.End < 0 || token == vocab.End
				switch {
				case ends:
				case depth == 4 || token == vocab.Begin || vocab.Tokens[token] == "\n":
					longer += q
				default:
					walk(model.Next(s, token), q, depth+1)
				}
			}
		}
		walk(model.Next(model.Start(), judge.frame.open[0]), 1, 0)
		if math.Abs(sum+longer-1) > 1e-4 || sum < 0.01 {
			t.Errorf("%g in lines, %g in others: not 1 together", sum, longer)
		}
	}
}

// scoreColumns are what a line of the output says.
func scoreColumns(t *testing.T, line string) (bits, perChar float64, text string) {
	t.Helper()
	parts := strings.SplitN(line, "\t", 3)
	if len(parts) != 3 {
		t.Fatalf("not three columns: %q", line)
	}
	bits, err1 := strconv.ParseFloat(parts[0], 64)
	perChar, err2 := strconv.ParseFloat(parts[1], 64)
	if err1 != nil || err2 != nil {
		t.Fatalf("not two numbers: %q", line)
	}
	return bits, perChar, parts[2]
}

// TestScore runs the command over lines of all sorts and holds it against the model that it loads.
func TestScore(t *testing.T) {
	f := trainedFolder(t)
	run, err := checkpoint.OpenRead(filepath.Join(f.dir, "model"))
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	model, vocab, err := lm.Load(run)
	if err != nil {
		t.Fatal(err)
	}
	lines := slices.DeleteFunc(trickyLines(), func(l string) bool { return len(l) > 10_000 })
	lines = append(lines, "the last has no end")
	f.write("lines.txt", strings.Join(lines, "\r\n"))
	want := make([]float64, len(lines))
	for i, line := range lines {
		for _, p := range alone(model, vocab.Encode("\n"), vocab.Encode(line+"\n")) {
			want[i] -= p / math.Ln2
		}
	}
	r := f.must("score", "model", "lines.txt")
	out := strings.Split(strings.TrimSuffix(r.out, "\n"), "\n")
	if len(out) != len(lines) {
		t.Fatalf("%d lines of %d", len(out), len(lines))
	}
	for i, o := range out {
		bits, perChar, text := scoreColumns(t, o)
		if text != lines[i] || math.Abs(bits-want[i]) > 0.006 || math.Abs(perChar-want[i]/float64(len([]rune(text))+1)) > 0.00006 {
			t.Errorf("line %d: %q, expected %.2f for %q", i+1, o, want[i], lines[i])
		}
	}
	if n := strings.Count(r.err, "\n"); n != 1 || !strings.Contains(r.err, "not known to the model") {
		t.Errorf("unknown characters are to be told of once: %q", r.err)
	}

	decoder, unknown := json.NewDecoder(strings.NewReader(f.must("score", "model", "lines.txt", "--json", "--tokens").out)), 0
	for i, line := range lines {
		var s lineScore
		if err := decoder.Decode(&s); err != nil {
			t.Fatal(err)
		}
		_, report := vocab.EncodeReport(line)
		chars := len([]rune(line)) + 1
		if s.Text != strings.ToValidUTF8(line, "\uFFFD") && strings.Count(s.Text, "\uFFFD") != report.Invalid || math.Abs(s.Bits-want[i]) > 1e-4*want[i] || math.Abs(s.LogProb+s.Bits*math.Ln2) > 1e-9 ||
			s.Tokens != chars || s.Chars != chars || math.Abs(s.BitsPerChar*float64(chars)-s.Bits) > 1e-9 || s.Unknown != report.Unseen+report.Invalid {
			t.Errorf("line %d, %q: %+v", i+1, line, s)
		}
		sum, text := 0.0, ""
		for _, p := range s.Pieces {
			sum, text = sum+p.Bits, text+p.Text
		}
		if math.Abs(sum-s.Bits) > 1e-6 || len(s.Pieces) != s.Tokens || s.Unknown == 0 && text != line+"\n" {
			t.Errorf("line %d, %q: pieces of %q with %g bits together, not %g", i+1, line, text, sum, s.Bits)
		}
		unknown += s.Unknown
	}
	if decoder.More() {
		t.Error("more lines than there are")
	}
	f.contains(r.err, plural(unknown, "character")+" not known")

	for _, asBytes := range []bool{false, true} { // from a pipe, however it comes
		cmd, out, _ := f.command("score", "model")
		cmd.Stdin = bytes.NewReader(f.read("lines.txt"))
		if asBytes {
			cmd.Stdin = iotest.HalfReader(cmd.Stdin)
		}
		if err := cmd.Run(); err != nil || out.String() != r.out {
			t.Errorf("%v, or the output depends on how the input comes", err)
		}
	}
	for _, threads := range []string{"1", "5"} {
		if other := f.must("score", "model", "lines.txt", "--threads", threads); other.out != r.out {
			t.Errorf("with %s threads another output", threads)
		}
	}
}

// TestScoreAbove passes on what is above, in total or a character.
func TestScoreAbove(t *testing.T) {
	f := trainedFolder(t)
	f.in = "the rays of light\nqqqq\nx\n\nthe eye\nthe rays of light which fall upon a glass are bent\n"
	all := strings.SplitAfter(f.must("score", "model").out, "\n")
	all = all[:len(all)-1]
	for _, c := range []struct {
		args  []string
		above func(bits, perChar float64) bool
	}{
		{[]string{"--above", "30"}, func(bits, _ float64) bool { return bits > 30 }},
		{[]string{"--above", "5", "--per-char"}, func(_, perChar float64) bool { return perChar > 5 }},
		{[]string{"--above", "0"}, func(bits, _ float64) bool { return bits > 0 }},
		{[]string{"--above", "1e9"}, func(float64, float64) bool { return false }},
	} {
		want := ""
		for _, line := range all {
			if bits, perChar, _ := scoreColumns(t, strings.TrimSuffix(line, "\n")); c.above(bits, perChar) {
				want += line
			}
		}
		if r := f.must(append([]string{"score", "model", "-"}, c.args...)...); r.out != want {
			t.Errorf("%v: %q, not %q", c.args, r.out, want)
		}
	}
	f.env = []string{"INKLING_ABOVE=1e9", "INKLING_TOKENS=byte"} // the second is of train
	if r := f.must("score", "model"); r.out != "" {
		t.Errorf("a variable is not read: %q", r.out)
	}
}

// TestScoreTokens: each token has its line, with its bits and as many marks.
func TestScoreTokens(t *testing.T) {
	f := trainedFolder(t)
	f.in = "the ΩzZ\n\n"
	out := strings.Split(strings.TrimSuffix(f.must("score", "model", "--tokens").out, "\n"), "\n")
	total, _, text := scoreColumns(t, out[0])
	sum, names := 0.0, []string{}
	for _, line := range out[1 : 1+8] {
		parts := strings.Fields(strings.ReplaceAll(line, `" "`, `"_"`))
		bits, err := strconv.ParseFloat(parts[0], 64)
		if marks := strings.Count(line, "█"); err != nil || !strings.HasPrefix(line, "\t") || math.Abs(float64(min(marks, 39))-min(bits, 39)) > 0.51 {
			t.Errorf("%q", line)
		}
		sum, names = sum+bits, append(names, parts[1])
	}
	if text != "the ΩzZ" || math.Abs(total-sum) > 0.05 || strings.Join(names, " ") != `"t" "h" "e" "_" "�" "�" "�" "\n"` {
		t.Errorf("%q: %g bits of %g, %q", text, sum, total, names)
	}
	if _, _, text := scoreColumns(t, out[9]); text != "" || len(out) != 11 || !strings.Contains(out[10], `"\n"`) {
		t.Errorf("the empty line: %q", out[9:])
	}
}

// TestScoreWithoutEnds: a model that does not know line ends only reads the first token, and says so.
func TestScoreWithoutEnds(t *testing.T) {
	f := newFolder(t)
	f.write("text.txt", strings.ReplaceAll(sampleText(12_000, 1), "\n", " "))
	f.must(trainArgs("model", "--steps", "10")...)
	f.in = "\nt\nthe\n"
	r := f.must("score", "model")
	if !strings.HasPrefix(r.out, "0.00\t0.0000\t\n0.00\t0.0000\tt\n") || strings.Count(r.out, "\n") != 3 {
		t.Errorf("%q", r.out)
	}
	f.contains(r.err, "does not know line ends")
	var s lineScore
	if f.in = "the"; f.json(&s, "score", "model").code != 0 || s.Tokens != 2 || s.Chars != 2 || math.Abs(s.BitsPerChar*2-s.Bits) > 1e-9 {
		t.Errorf("%+v", s)
	}
}

// TestScoreStreams wants a line back before the next one is written.
func TestScoreStreams(t *testing.T) {
	f := trainedFolder(t)
	f.in = "the rays\n\nof light\n"
	whole := f.must("score", "model").out
	cmd, _, stderr := f.command("score", "model")
	cmd.Stdin, cmd.Stdout = nil, nil
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	reader, got := bufio.NewReader(out), ""
	for line := range strings.Lines(f.in) { // a program that waits for more is killed after some minutes
		io.WriteString(in, line)
		answer, err := reader.ReadString('\n')
		if err != nil {
			t.Fatalf("%q: %v\n%s", line, err, stderr)
		}
		got += answer
	}
	io.WriteString(in, "th")
	in.Close()
	rest, err := io.ReadAll(reader)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	if got != whole || err != nil || strings.Count(string(rest), "\n") != 1 || !bytes.HasSuffix(rest, []byte("\tth\n")) {
		t.Errorf("%q and %q, where all at once gave %q", got, rest, whole)
	}
}

// TestScoreLongLine: what comes before a line that is too long is scored.
func TestScoreLongLine(t *testing.T) {
	f := trainedFolder(t)
	f.in = "the rays\n" + strings.Repeat("x", 3*longestLine) + "\nof light\n"
	r := f.run("score", "model")
	if r.code != codeInput || strings.Count(r.out, "\n") != 1 || !strings.HasSuffix(r.out, "\tthe rays\n") {
		t.Errorf("exit code %d after %q", r.code, r.out)
	}
	f.contains(r.err, "standard input: line 2 is longer than 1 MB")
	f.in = ""
	if r := f.must("score", "model"); r.out != "" || r.err != "" {
		t.Errorf("no lines: %q %q", r.out, r.err)
	}
}

// TestScoreDamaged: weights that are no numbers have no scores.
func TestScoreDamaged(t *testing.T) {
	vocab, _ := data.Chars("ab\n")
	model, err := lm.New(lm.Config{Hidden: 4, Counts: vocab.Counts})
	if err != nil {
		t.Fatal(err)
	}
	model.Params().ByName("out.bias").Value[0] = float32(math.NaN())
	b := lineBlock{text: []byte("ab\n"), ends: []int{2}, first: 1}
	scored, err := newLineJudge(model, vocab).score(context.Background(), &b)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := newScoreWriter(&app{out: &output{w: &out}}, &scoreCmd{}, vocab)
	if w.write(&scored[0]) {
		t.Error("a line has a probability that is no number")
	}
}

// TestScorePacked scores the lines of a packed file as those of the file itself.
func TestScorePacked(t *testing.T) {
	f := trainedFolder(t)
	lines := "the rays of light\nof glass\n"
	f.write("lines.txt", lines)
	f.write("lines.txt.gz", packedGzip(lines))
	if plain, packed := f.must("score", "model", "lines.txt").out, f.must("score", "model", "lines.txt.gz").out; plain != packed {
		t.Errorf("%q and packed %q", plain, packed)
	}
	f.write("cut.gz", packedGzip(lines)[:25])
	if r := f.run("score", "model", "cut.gz"); r.code != codeInput {
		t.Errorf("exit code %d: %s", r.code, r.err)
	}
}
