package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"
)

// linesOf reads an input to its end and gives its lines, how many of them came in each block, and the error behind them.
func linesOf(t interface{ Fatalf(string, ...any) }, in io.Reader) (lines []string, sizes []int, err error) {
	for b := range readLines(context.Background(), in, "input") {
		if b.first != len(lines)+1 {
			t.Fatalf("a block begins with line %d and %d came before", b.first, len(lines))
		}
		start := 0
		for _, end := range b.ends {
			if b.text[end] != '\n' {
				t.Fatalf("no line end behind %q", b.text[start:end])
			}
			lines = append(lines, string(b.text[start:end]))
			start = end + 1
		}
		if start != len(b.text) {
			t.Fatalf("%q behind the last line of a block", b.text[start:])
		}
		sizes, err = append(sizes, len(b.ends)), b.err
	}
	return lines, sizes, err
}

// cutByHand is what lines are: ended by LF or CRLF or by the input.
func cutByHand(text string) (lines []string) {
	for line := range strings.Lines(text) {
		lines = append(lines, strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"))
	}
	if len(lines) > 0 { // a byte order mark is none of the text
		lines[0] = strings.TrimPrefix(lines[0], "\ufeff")
	}
	return lines
}

// TestLines cuts texts of all kinds that come in pieces of all sizes.
func TestLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.OneOf(
			rapid.SampledFrom([]string{"\ufeff", "\n", "\r\n", "\r", "\x00", "\xff", "é", "a b\tc"}), rapid.String(),
			rapid.Map(rapid.IntRange(0, 3*readBytes), func(n int) string { return strings.Repeat("x", n) }),
		)).Draw(t, "text"), "")
		var in io.Reader = strings.NewReader(text)
		switch rapid.IntRange(0, 3).Draw(t, "how it comes") {
		case 0:
			in = iotest.HalfReader(in)
		case 1:
			in = iotest.DataErrReader(in) // the end comes with the last bytes
		case 2:
			if len(text) < 1000 {
				in = iotest.OneByteReader(in)
			}
		}
		lines, _, err := linesOf(t, in)
		if want := cutByHand(text); err != nil || !slices.Equal(lines, want) {
			t.Fatalf("%v, %.300q instead of %.300q", err, lines, want)
		}
	})
}

// TestLinesFail: what came before an error is read, but for a line that the error cuts off.
func TestLinesFail(t *testing.T) {
	lines, _, err := linesOf(t, io.MultiReader(strings.NewReader("one\ntwo\nthr"), iotest.ErrReader(&fs.PathError{Op: "read", Path: "input", Err: errors.New("the disk is gone")})))
	if err == nil || err.Error() != "input cannot be read: the disk is gone" || codeOf(err) != codeIO || !slices.Equal(lines, []string{"one", "two"}) {
		t.Errorf("%v after %q", err, lines)
	}
	long := strings.Repeat("x", longestLine)
	for text, want := range map[string]string{
		"a\n" + long + "\nb\n":            "",
		"a\n" + long:                      "",
		"a\n" + long + "x\nb\n":           "input: line 2 is longer than 1 MB, the most that is scored: split it",
		"a\n" + long + "x":                "input: line 2 is longer than 1 MB, the most that is scored: split it",
		"a\n" + strings.Repeat(long, 100): "input: line 2 is longer than 1 MB, the most that is scored: split it",
	} {
		lines, _, err := linesOf(t, strings.NewReader(text))
		if want == "" && (err != nil || !slices.Equal(lines, cutByHand(text))) {
			t.Errorf("%d bytes: %v", len(text), err)
		} else if want != "" && (err == nil || err.Error() != want || codeOf(err) != codeInput || !slices.Equal(lines, []string{"a"})) {
			t.Errorf("%d bytes: %v after %d lines", len(text), err, len(lines))
		}
	}
}

// TestLinesWait: nothing is read ahead of who does not take it but one block, and all there is comes at once.
func TestLinesWait(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	in := &counted{in: strings.NewReader(strings.Repeat("0123456789abcde\n", 1<<17))}
	blocks, taken := readLines(ctx, in, "input"), 0
	for range 3 {
		time.Sleep(20 * time.Millisecond) // in which all could be read
		if most := taken + blockBytes + 3*readBytes; int(in.n.Load()) > most {
			t.Errorf("%d bytes read where %d were taken", in.n.Load(), taken)
		}
		b := <-blocks
		taken += len(b.text)
		if len(b.text) > blockBytes+readBytes {
			t.Errorf("a block of %d bytes", len(b.text))
		}
	}
	r, w := io.Pipe()
	blocks = readLines(ctx, r, "input")
	for _, line := range []string{"a", "bc", ""} {
		w.Write([]byte(line + "\n"))
		if b := <-blocks; !bytes.Equal(b.text, []byte(line+"\n")) {
			t.Errorf("%q came as %q", line, b.text)
		}
	}
	cancel()
	if b, ok := <-blocks; ok {
		t.Errorf("%q after the end", b.text)
	}
}

// counted counts what is read.
type counted struct {
	in io.Reader
	n  atomic.Int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.in.Read(b)
	c.n.Add(int64(n))
	return n, err
}

// TestLinesWithMark: a byte-order mark in front of an input is no part of the first line.
func TestLinesWithMark(t *testing.T) {
	const mark = "\uFEFF"
	for _, n := range []int{1, 100} {
		in := strings.NewReader(mark + "one\n" + mark + "two\n")
		lines, _, err := linesOf(t, struct{ io.Reader }{io.MultiReader(io.LimitReader(in, int64(n)), in)})
		if err != nil || !slices.Equal(lines, []string{"one", mark + "two"}) {
			t.Errorf("%q, %v", lines, err)
		}
	}
}
