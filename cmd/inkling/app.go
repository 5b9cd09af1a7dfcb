package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"
)

// app is what a command gets beside its own flags.
type app struct {
	ctx   context.Context // ends with the first Ctrl-C or SIGTERM
	out   *output         // results
	err   io.Writer       // progress, notes
	json  bool            // the result as one JSON value
	limit int64           // of memory, in bytes, that the user gave; 0: none
}

// output remembers the first error, so that results need not be checked line by line.
type output struct {
	w   io.Writer
	err error
}

func (o *output) Write(b []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.w.Write(b)
	o.err = err
	return n, err
}

// note tells the user something that is not a result.
func (a *app) note(format string, args ...any) { fmt.Fprintf(a.err, format+"\n", args...) }

// printJSON writes a result as one value. Characters of HTML stay as they are.
func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.out)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// terminal reports whether w is a screen.
func terminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// interruptible makes a context that ends with the first Ctrl-C or SIGTERM: whoever works then comes
// to an orderly end. A second one ends the program at once.
func interruptible() (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		<-signals
		os.Exit(codeInterrupted)
	}()
	return ctx, func() { signal.Stop(signals); cancel() }
}
