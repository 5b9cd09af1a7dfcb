package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"inkling/internal/kernel"
)

// version is that of the next release.
const version = "0.1.0"

type versionCmd struct{}

// build says which program this is.
type build struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"` // the first 12 digits, and "+" if files had changed since
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
	ISA     string `json:"isa"` // the instruction set in use
}

func thisBuild() build {
	b := build{Version: version, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, ISA: kernel.ISA()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	changed := ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			b.Commit = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = "+"
		}
	}
	if b.Commit != "" {
		b.Commit += changed
	}
	return b
}

func (b build) String() string {
	commit := ""
	if b.Commit != "" {
		commit = " " + b.Commit
	}
	return fmt.Sprintf("inkling %s%s (%s, %s/%s, %s)", b.Version, commit, b.Go, b.OS, b.Arch, b.ISA)
}

func (versionCmd) Run(a *app) error {
	b := thisBuild()
	if a.json {
		return a.printJSON(b)
	}
	_, err := fmt.Fprintln(a.out, b)
	return err
}
