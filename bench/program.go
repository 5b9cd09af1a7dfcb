package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
)

// program is one side of the comparison: run as command + case + tail, it prints a JSON array of rows.
type program struct {
	name, version string
	command, tail []string
}

// row is one figure. Larger values are better, whatever the unit.
type row struct {
	Name      string  `json:"name"`
	Value     float64 `json:"value"`
	Unit      string  `json:"unit"`
	GFLOPS    float64 `json:"gflops"`
	PeakShare float64 `json:"peak_share"`
	ISA       string  `json:"isa"`
	Threads   int     `json:"threads"`
	DType     string  `json:"dtype"`
	Setting   string  `json:"setting"` // of a peer: how it was set up

	Hidden int    `json:"hidden"`
	Latent int    `json:"latent"`
	Layers int    `json:"layers"`
	Batch  int    `json:"batch"`
	Time   int    `json:"time"`
	M      int    `json:"m"`
	N      int    `json:"n"`
	K      int    `json:"k"`
	Form   string `json:"form"`
	Packed bool   `json:"packed"` // the right operand, outside the time
	Arch   string `json:"arch"`
	Vocab  int    `json:"vocab"`
	Output string `json:"output"` // the output layer of a model of words

	Checked int     `json:"checked"` // of a peer that scores: so many lines
	Bits    float64 `json:"bits"`    // have so many bits
}

// shape names the work in words; rows of one shape do the same work.
func (r row) shape() string {
	if r.M > 0 {
		form := r.Form
		if form == "" {
			form = "nn"
		}
		if r.Packed {
			form += ", packed before"
		}
		return fmt.Sprintf("[%d,%d]×[%d,%d] %s", r.M, r.K, r.K, r.N, form)
	}
	s := fmt.Sprintf("%d×%d", r.Layers, r.Hidden)
	if r.Latent > 0 {
		s = fmt.Sprintf("784–%d–%d", r.Hidden, r.Latent)
	}
	if r.Batch > 1 {
		s += fmt.Sprintf(", batch %d", r.Batch)
	}
	if r.Time > 0 {
		s += fmt.Sprintf(", %d steps", r.Time)
	}
	if r.Output != "" {
		s = fmt.Sprintf("%s %s, %d words, %s", r.Arch, s, r.Vocab, r.Output)
	}
	return s
}

// dtype is the kind of number that is multiplied.
func (r row) dtype() string {
	if r.DType == "" {
		return "float32"
	}
	return r.DType
}

// measure runs the program once for one case.
func (p program) measure(ctx context.Context, name string) ([]row, error) {
	args := append(append(append([]string{}, p.command[1:]...), name), p.tail...)
	cmd := exec.CommandContext(ctx, p.command[0], args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s", p.name, name, err, stderr.String())
	}
	var rows []row
	if err := json.Unmarshal(text, &rows); err != nil {
		return nil, fmt.Errorf("%s %s printed no JSON array of rows: %w", p.name, name, err)
	}
	return rows, nil
}

// versionOf is the first line that a command prints, or "" when it fails.
func versionOf(ctx context.Context, command string, args ...string) string {
	text, err := exec.CommandContext(ctx, command, args...).Output()
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	return line
}
