package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"inkling/checkpoint"
)

// Exit codes.
const (
	codeOK          = 0
	codeUsage       = 2   // a flag, a value or a command that there is not
	codeInput       = 3   // a text, a model or settings that cannot work
	codeIO          = 4   // a file or folder that cannot be read or written
	codeInterrupted = 130 // by a signal
)

// fault is an error with the exit code it is worth.
type fault struct {
	code int
	err  error
}

func (f *fault) Error() string { return f.err.Error() }
func (f *fault) Unwrap() error { return f.err }

func usage(format string, args ...any) error { return &fault{codeUsage, fmt.Errorf(format, args...)} }

func badInput(format string, args ...any) error {
	return &fault{codeInput, fmt.Errorf(format, args...)}
}

func ioFault(format string, args ...any) error { return &fault{codeIO, fmt.Errorf(format, args...)} }

// errInterrupted ends a command that a signal stopped after it has said all there is to say.
var errInterrupted = &fault{codeInterrupted, errors.New("interrupted")}

// report writes an error as its one line and returns the exit code.
func report(stderr io.Writer, err error) int {
	if err == nil {
		return codeOK
	}
	code := codeOf(err)
	if code != codeInterrupted {
		if os.Getenv("INKLING_DEBUG") == "1" {
			causes(stderr, err)
		}
		fmt.Fprintln(stderr, "inkling: "+oneLine(err.Error()))
	}
	return code
}

// causes writes the chain of what led to an error, from the error itself to what the system said, with the
// type of each, for those who look for a fault in this program.
func causes(w io.Writer, err error) {
	switch e := err.(type) {
	case nil:
	case interface{ Unwrap() []error }: // several together, of which the parts say all
		for _, part := range e.Unwrap() {
			causes(w, part)
		}
	default:
		fmt.Fprintf(w, "cause: %T: %s\n", err, oneLine(err.Error()))
		causes(w, errors.Unwrap(err))
	}
}

func codeOf(err error) int {
	var f *fault
	var number syscall.Errno
	var path *fs.PathError
	switch {
	case errors.As(err, &f):
		return f.code
	case errors.Is(err, context.Canceled):
		return codeInterrupted
	case errors.Is(err, checkpoint.ErrFormat), errors.Is(err, checkpoint.ErrNoRun), errors.Is(err, checkpoint.ErrNoState):
		return codeInput
	case errors.Is(err, checkpoint.ErrExists), errors.Is(err, checkpoint.ErrInUse), errors.As(err, &number), errors.As(err, &path):
		return codeIO
	}
	return codeInput
}

// oneLine keeps what a file or a user put into a message from breaking the line or the terminal.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}
