package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"github.com/alecthomas/kong"
	"golang.org/x/term"
)

// app is what a command gets beside its own flags.
type app struct {
	ctx   context.Context // ends with Ctrl-C or SIGTERM
	toEnd atomic.Bool     // there is something to bring to an end when it does
	out   *output         // results
	err   io.Writer       // progress, notes
	json  bool            // the result as one JSON value
	flags []*kong.Flag    // all that the command has
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

// interruptible makes a context that ends with Ctrl-C or SIGTERM. Until there is something to bring to an
// orderly end, which orderly says, and at the second signal, the program just ends: whatever it is at, files
// are whole.
func (a *app) interruptible() (stop func()) {
	var cancel context.CancelFunc
	a.ctx, cancel = context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		if <-signals; a.toEnd.Load() {
			cancel()
			<-signals
		}
		os.Exit(codeInterrupted)
	}()
	return func() { signal.Stop(signals); cancel() }
}

// orderly makes the first signal end the context, and not the program, until over is called.
func (a *app) orderly() (over func()) {
	a.toEnd.Store(true)
	return func() { a.toEnd.Store(false) }
}
