//go:build unix

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// kills is how many times TestKilled kills; make torture sets the variable.
func kills(t *testing.T) int {
	n, err := strconv.Atoi(os.Getenv("KILLS"))
	if os.Getenv("KILLS") == "" {
		return 50
	}
	if err != nil || n < 1 {
		t.Fatalf("KILLS=%s: must be a whole number of at least 1", os.Getenv("KILLS"))
	}
	return n
}

// TestKilled kills trainings at random instants, whatever they are doing: reading the text, writing the
// first file, a checkpoint or the last table. It goes on with each and kills it again until it is finished,
// and then everything is, bit for bit, as in a run that was never stopped. A third of the signals are those
// that ask a program to end, which then must say how to go on.
func TestKilled(t *testing.T) {
	f := vaeFolder(t)
	// Runs take turns with these.
	usual := []string{"--steps", "300", "--checkpoint-every", "15", "--dropout", "0.2", "--validations", "10", "--keep", "3"}
	all := append(slices.Clone(usual), "--accumulate", "2", "--average", "0.95", "--patience", "9", "--lr", "0.1", "--schedule", "plateau", "--schedule-patience", "1")
	gru := append(slices.Clone(usual), strings.Fields("--arch gru --layers 2 --norm --embed 8 --dropout-in 0.2 --variational")...)
	window := append(slices.Clone(usual), strings.Fields("--arch window --context 3 --direct --embed 8 --dropout-in 0.2")...)
	var turns []func(dir string) []string
	for _, settings := range [][]string{usual, all, gru, window} {
		turns = append(turns, func(dir string) []string { return trainArgs(dir, settings...) })
	}
	turns = append(turns, func(dir string) []string {
		return vaeArgs(dir, strings.Fields("--steps 300 --checkpoint-every 15 --keep 3 --average 0.95 --objective iwae --k 3")...)
	})
	var wants []string
	for i, begin := range turns {
		dir := fmt.Sprint("whole", i)
		cmd, out, stderr := f.slow(begin(dir)...) // the same program as below, which writes its name down
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v\n%s%s", err, out, stderr)
		}
		wants = append(wants, fingerprint(f, dir))
	}
	f.contains(wants[1], `"plateaus":`, "average:lstm.weight_hh_l0")
	f.contains(wants[4], `"log_likelihood":`, "average:encoder.0.0.weight", "samples.png")

	seed := uint64(time.Now().UnixNano())
	rng := rand.New(rand.NewPCG(seed, 0))
	total, runs, inWrite, beforeState := kills(t), 0, 0, 0
	for killed := 0; killed < total; runs++ {
		dir, begin, want := fmt.Sprint("run", runs), turns[runs%len(turns)], wants[runs%len(turns)]
		for done := false; !done; {
			args := []string{"resume", dir}
			if !f.exists(dir + "/config.json") { // killed before there was a run
				args = begin(dir)
			}
			cmd, out, stderr := f.slow(args...)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			signal := []os.Signal{syscall.SIGKILL, syscall.SIGKILL, syscall.SIGKILL, syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT}[rng.IntN(6)]
			var clock *time.Timer
			if killed < total {
				after := time.Duration(rng.IntN(350_000)) * time.Microsecond
				if rng.IntN(4) == 0 { // while it begins
					after /= 5
				}
				clock = time.AfterFunc(after, func() { cmd.Process.Signal(signal) })
			}
			cmd.Wait()
			if clock != nil && !clock.Stop() {
				killed++
			}
			switch code := cmd.ProcessState.ExitCode(); {
			case code == codeOK:
				done = true
			case code == -1: // by the signal
				if len(leftOver(f, dir)) > 0 {
					inWrite++
				}
				if states, _ := filepath.Glob(filepath.Join(f.dir, dir, "state", "*.safetensors")); len(states) == 0 {
					beforeState++
				}
			case code == codeInterrupted && signal != syscall.SIGKILL:
			default:
				t.Fatalf("seed %d, kill %d: inkling %s: exit code %d\n%s%s", seed, killed, strings.Join(args, " "), code, out, stderr)
			}
		}
		if got := fingerprint(f, dir); got != want {
			t.Fatalf("seed %d: %s differs from a run that was never stopped:\n%s", seed, dir, difference(want, got))
		}
		if left := leftOver(f, dir); len(left) > 0 {
			t.Errorf("seed %d: left behind: %q", seed, left)
		}
		// Which states are there beside the last depends on when it was asked to end; and one too many is left if it was
		// killed between writing the last and removing the first.
		if states := f.list(dir + "/state"); len(states) < 3 || len(states) > 4 || states[len(states)-1] != "000000300.safetensors" {
			t.Errorf("seed %d: states %q", seed, states)
		}
		if err := os.RemoveAll(filepath.Join(f.dir, dir)); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d kills of %d runs, all equal: %d in the middle of a write, %d before the first state", total, runs, inWrite, beforeState)
	if inWrite == 0 {
		t.Error("no kill in the middle of a write: this tests too little")
	}
}

// leftOver are the temporary files of writers that did not end.
func leftOver(f *folder, dir string) (names []string) {
	for _, pattern := range []string{"/.inkling-*.tmp", "/state/.inkling-*.tmp"} {
		found, err := filepath.Glob(filepath.Join(f.dir, dir) + pattern)
		if err != nil {
			f.Fatal(err)
		}
		names = append(names, found...)
	}
	return names
}
