// Command gotest runs `go test` with the arguments it is given and says in the end how many tests passed, failed
// and were skipped, which go test alone does not. It shows one line a package, everything that a failed test
// printed, and the name and reason of every skip.
//
//	gotest [arguments of go test]
//
// The last line is `N passed, N failed, N skipped`; subtests count. The exit code is 1 when something failed.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

func main() {
	cmd := exec.Command("go", append([]string{"test", "-json"}, os.Args[1:]...)...)
	cmd.Stderr = os.Stderr
	events, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gotest:", err)
		os.Exit(2)
	}
	c := read(events, os.Stdout)
	err = cmd.Wait()
	if err != nil && c.failed == 0 {
		c.failed++ // go test itself failed: a bad flag, a pattern that matches nothing
		fmt.Println("go test:", err)
	}
	fmt.Println(c)
	if c.failed > 0 {
		os.Exit(1)
	}
}

// event is one line of `go test -json` (see go doc cmd/test2json).
type event struct {
	Action, Package, ImportPath, Test, Output, FailedBuild string
	Elapsed                                                float64
}

// counts is the outcome of a run.
type counts struct{ passed, failed, skipped int }

func (c counts) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", c.passed, c.failed, c.skipped)
}

// read follows the events of a run, writes the report to w and counts.
func read(events io.Reader, w io.Writer) counts {
	var c counts
	type test struct{ pkg, name string }
	output := map[test]*strings.Builder{}
	failedIn := map[string]int{}

	lines := bufio.NewReader(events)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			var e event
			if json.Unmarshal([]byte(line), &e) != nil {
				fmt.Fprint(w, line) // not an event: go test's own words
				continue
			}
			key := test{e.Package, e.Test}
			switch e.Action {
			case "build-output":
				fmt.Fprint(w, e.Output)
			case "output":
				if output[key] == nil {
					output[key] = &strings.Builder{}
				}
				output[key].WriteString(e.Output)
			case "pass":
				if e.Test != "" {
					c.passed++
				} else {
					fmt.Fprintf(w, "ok    %s  %.1fs\n", e.Package, e.Elapsed)
				}
				delete(output, key)
			case "skip":
				if e.Test != "" {
					c.skipped++
					fmt.Fprintf(w, "SKIP  %s %s\n%s", e.Package, e.Test, output[key])
				}
				delete(output, key) // a package that skips has no tests
			case "fail":
				if e.Test != "" || failedIn[e.Package] == 0 {
					c.failed++ // a package without a failed test did not build, panicked or ran out of time
				}
				failedIn[e.Package]++
				if e.Test != "" {
					fmt.Fprintf(w, "FAIL  %s %s\n", e.Package, e.Test)
				} else {
					fmt.Fprintf(w, "FAIL  %s  %.1fs\n", e.Package, e.Elapsed)
				}
				if text := output[key]; text != nil {
					fmt.Fprint(w, text)
				}
				delete(output, key)
			}
		}
		if err != nil {
			break
		}
	}
	// What never ended was cut off by a panic or a time-out: its output says why.
	for key, text := range output {
		if key.name != "" {
			fmt.Fprintf(w, "UNFINISHED  %s %s\n%s", key.pkg, key.name, text)
		}
	}
	return c
}
