// Command tables makes a table of which all is known, and measures what Inkling makes of it.
//
//	go run ./bench/tables -made 200000 -seed 1 > made.csv                     the table
//	go run ./bench/tables -made 20000 -seed 2 -spoil 0.02 -labels labels.txt > spoiled.csv    with rows that are not of its kind
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "tables:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("tables", flag.ContinueOnError)
	rows := flags.Int("made", 200_000, "rows to make")
	seed := flags.Uint64("seed", 1, "of what is drawn")
	share := flags.Float64("spoil", 0, "share of the rows that are spoiled")
	labels := flags.String("labels", "", "file for a line each: 1 if it was spoiled, else 0")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *labels == "" {
		return write(out, nil, *rows, *seed, *share)
	}
	file, err := os.Create(*labels)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(file)
	if err := write(out, b, *rows, *seed, *share); err != nil {
		return err
	}
	if err := b.Flush(); err != nil {
		return err
	}
	return file.Close()
}
