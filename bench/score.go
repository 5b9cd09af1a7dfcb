package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// The case "score" is a command and not a part of `inkling bench`: lines in, lines and their bits out, by a model of
// one layer of 128 over characters, from start to end of the program. The peer reads the same weights and the same lines.
const (
	scoreHidden = 128
	scoreSteps  = 300     // of training, so that the weights are those of a model
	scoreTrain  = 100_000 // lines that it learns from
)

//go:embed peers/score.py
var scorePeer string

// scoring is what the case needs: a trained model and lines, in a folder.
type scoring struct {
	dir     string
	lines   int
	chars   int // line ends included
	vocab   int
	firsts  []float64 // bits of the first lines, by Inkling
	inkling program
}

// newScoring writes the lines and trains the model; cleanUp removes them.
func newScoring(ctx context.Context, inkling program, lines int) (s *scoring, cleanUp func(), err error) {
	dir, err := os.MkdirTemp("", "inkling-score-")
	if err != nil {
		return nil, nil, err
	}
	cleanUp = func() { os.RemoveAll(dir) }
	defer func() {
		if err != nil {
			cleanUp()
		}
	}()
	s = &scoring{dir: dir, lines: lines, inkling: inkling}
	text := domains(lines)
	s.chars = len(text)
	for name, content := range map[string]string{"lines.txt": text, "train.txt": domains(min(lines, scoreTrain))} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			return nil, nil, err
		}
	}
	train := []string{"train", "lm", s.file("train.txt"), "--out", s.file("model"), "--hidden", strconv.Itoa(scoreHidden), "--layers", "1", "--steps", strconv.Itoa(scoreSteps)}
	if text, err := s.command(ctx, train...).CombinedOutput(); err != nil {
		return nil, nil, fmt.Errorf("training the model of the case score: %w\n%s", err, text)
	}
	var info struct{ Vocabulary int }
	raw, err := s.command(ctx, "info", s.file("model"), "--json").Output()
	if err == nil {
		err = json.Unmarshal(raw, &info)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("inkling info: %w", err)
	}
	s.vocab = info.Vocabulary
	return s, cleanUp, nil
}

func (s *scoring) file(name string) string { return filepath.Join(s.dir, name) }

func (s *scoring) command(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, s.inkling.command[0], args...)
}

// measure runs one side once.
func (s *scoring) measure(ctx context.Context, p program) ([]row, error) {
	if p.name == s.inkling.name {
		r, err := s.ours(ctx)
		return []row{r}, err
	}
	p.command = []string{p.command[0], "-c", scorePeer, s.file("model")}
	rows, err := p.measure(ctx, s.file("lines.txt"))
	for _, r := range rows {
		bits := 0.0
		for _, b := range s.firsts[:min(r.Checked, len(s.firsts))] {
			bits += b
		}
		if !(math.Abs(r.Bits-bits) <= 1e-3*bits) {
			return nil, fmt.Errorf("%s says that the first %d lines take %g bits, and inkling %g: they do not do the same work", p.name, r.Checked, r.Bits, bits)
		}
	}
	return rows, err
}

// ours times the command.
func (s *scoring) ours(ctx context.Context) (row, error) {
	r := row{Name: "score", Unit: "lines/s", DType: "float32", Hidden: scoreHidden, Layers: 1}
	peaks, err := s.inkling.measure(ctx, "peak")
	if err != nil {
		return r, err
	}
	cmd := s.command(ctx, "score", s.file("model"), s.file("lines.txt"))
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return r, fmt.Errorf("inkling score: %w\n%s", err, stderr.String())
	}
	seconds := time.Since(began).Seconds()
	if n := bytes.Count(out.Bytes(), []byte("\n")); n != s.lines {
		return r, fmt.Errorf("inkling score: %d lines of %d", n, s.lines)
	}
	s.firsts = nil
	for lines := bufio.NewScanner(&out); lines.Scan() && len(s.firsts) < 1000; {
		first, _, _ := strings.Cut(lines.Text(), "\t")
		bits, err := strconv.ParseFloat(first, 64)
		if err != nil {
			return r, fmt.Errorf("inkling score: %w", err)
		}
		s.firsts = append(s.firsts, bits)
	}
	products := 2 * float64(4*scoreHidden*scoreHidden+s.vocab*scoreHidden)
	r.Value = float64(s.lines) / seconds
	r.GFLOPS = float64(s.chars) / seconds * products * 1e-9
	for _, p := range peaks {
		if p.Name == "peak" && p.GFLOPS > 0 {
			r.PeakShare, r.ISA, r.Threads = r.GFLOPS/p.GFLOPS, p.ISA, p.Threads
		}
	}
	return r, nil
}

// domains are lines like names of domains, always the same: one or two words of syllables, sometimes with a number, and
// an ending.
func domains(lines int) string {
	r := rand.New(rand.NewPCG(1, 1))
	pick := func(from string) string {
		all := strings.Fields(from)
		return all[r.IntN(len(all))]
	}
	var b strings.Builder
	word := func() {
		for range 1 + r.IntN(4) {
			b.WriteString(pick("b bl c ch d f g gr h k l m n p pr qu r s st t tr v w z"))
			b.WriteString(pick("a a e e i o o u y ai ea oo"))
			if r.IntN(3) == 0 {
				b.WriteString(pick("l n r s t x ck nd rt"))
			}
		}
	}
	for range lines {
		if r.IntN(8) == 0 {
			b.WriteString(pick("www. mail. shop. blog."))
		}
		word()
		if r.IntN(3) == 0 {
			b.WriteByte('-')
			word()
		}
		if r.IntN(10) == 0 {
			b.WriteString(strconv.Itoa(r.IntN(1000)))
		}
		b.WriteString(pick(".com .com .com .net .org .de .ru .io .info .co.uk"))
		b.WriteByte('\n')
	}
	return b.String()
}
