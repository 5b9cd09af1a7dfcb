//go:build unix

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// The system counts what a process holds to the memory of those it starts, since they begin as its copies. So
// a process that is measured is started by one of its own, which holds little: this test binary, begun anew
// with the program to measure in one variable and the file for the figures in another.
const (
	measures  = "MEASURE"
	measureTo = "MEASURE_TO"
)

func init() {
	jobs[measures] = func() int {
		cmd := exec.Command(os.Getenv(measures), os.Args[1:]...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		for _, v := range os.Environ() {
			if !strings.HasPrefix(v, measures) {
				cmd.Env = append(cmd.Env, v)
			}
		}
		err := cmd.Run()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		p := cmd.ProcessState
		figures, err := json.Marshal(figures{p.UserTime() + p.SystemTime(), p.SysUsage().(*syscall.Rusage).Maxrss << 10})
		if err == nil {
			err = os.WriteFile(os.Getenv(measureTo), figures, 0o666)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return p.ExitCode()
	}
}

// figures are what a command took.
type figures struct {
	CPU    time.Duration // of user and system
	Memory int64         // bytes, the most at a time; Linux counts it in KiB
}

// measured is what a command printed and took.
type measured struct {
	result
	figures
}

// measure runs a command and measures it.
func (f *folder) measure(args ...string) (m measured) {
	f.Helper()
	cmd, out, stderr := f.command(args...)
	file := filepath.Join(f.TempDir(), "figures")
	cmd.Path = os.Args[0]
	cmd.Env = append(cmd.Env, measures+"="+binary, measureTo+"="+file)
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		f.Errorf("inkling %s: %v", strings.Join(args, " "), err)
		return m
	}
	m.result = result{out.String(), stderr.String(), cmd.ProcessState.ExitCode()}
	raw, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(raw, &m.figures)
	}
	if err != nil {
		f.Errorf("inkling %s: not measured: %v", strings.Join(args, " "), err)
	}
	return m
}
