package main

import (
	"embed"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// builtIn stands for the source of this command where config.json names a file.
const builtIn = "the source of inkling"

//go:embed *.go
var sources embed.FS

// ownSource is the text of last resort: this command, as it was built.
func ownSource() string {
	files, err := fs.Glob(sources, "*.go")
	if err != nil {
		panic("inkling: " + err.Error())
	}
	var b strings.Builder
	for _, name := range files {
		text, err := sources.ReadFile(name)
		if err != nil {
			panic("inkling: " + err.Error())
		}
		b.Write(text)
	}
	return b.String()
}

// demoText is a text that is on the machine: Newton's Opticks, which Go brings along for its tests, or
// else our own source.
func demoText() (file, what string) {
	const opticks = "src/testdata/Isaac.Newton-Opticks.txt"
	for _, root := range goRoots() {
		path := filepath.Join(root, filepath.FromSlash(opticks))
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, "Newton's Opticks (" + path + ")"
		}
	}
	return builtIn, builtIn + ", since there is no Go here with Newton's Opticks in it"
}

// goRoots are the folders where Go may be: what the environment says, where the go command lies, the
// usual places, and only then what the go command says.
func goRoots() []string {
	roots := []string{os.Getenv("GOROOT")}
	command, err := exec.LookPath("go")
	if err == nil {
		if real, err := filepath.EvalSymlinks(command); err == nil {
			roots = append(roots, filepath.Dir(filepath.Dir(real)))
		}
	}
	roots = append(roots, "/usr/local/go", "/usr/lib/go", "/usr/lib/golang", "/opt/homebrew/opt/go/libexec", "/usr/local/opt/go/libexec", `C:\Program Files\Go`)
	for i, root := range roots {
		if _, err := os.Stat(filepath.Join(root, "src")); root != "" && err == nil {
			return roots[i:]
		}
	}
	if command != "" {
		if out, err := exec.Command(command, "env", "GOROOT").Output(); err == nil {
			return []string{strings.TrimSpace(string(out))}
		}
	}
	return nil
}
