package inkling_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// anything marks the packages at the top, which put the others together.
var anything = []string{"*"}

// layers says which of our packages each of our packages may import. A package that is not listed fails the
// test: decide where it stands first. Tests may import what they like. The reasons are in docs/architecture.md.
var layers = map[string][]string{
	"internal/alias":      {},
	"internal/huffman":    {},
	"internal/kernel":     {},
	"internal/parallel":   {},
	"internal/strictjson": {},
	"tensor":              {"internal/kernel"},
	"internal/gradcheck":  {"tensor"},
	"data":                {"internal/parallel", "internal/strictjson"},
	"decode":              {},
	"constrain":           {},
	"checkpoint":          {"internal/strictjson"},
	"nn":                  {"tensor"},
	"softmax":             {"internal/alias", "internal/huffman", "internal/kernel", "internal/parallel", "tensor", "nn"},
	"lm":                  {"internal/kernel", "internal/parallel", "internal/strictjson", "tensor", "nn", "softmax", "data", "checkpoint"},
	"wordvec":             {"internal/alias", "internal/huffman", "internal/kernel", "internal/parallel", "internal/strictjson", "data", "checkpoint"},
	"vae":                 {"internal/kernel", "internal/parallel", "internal/strictjson", "tensor", "nn", "softmax", "data", "checkpoint"},
	"vae/documents":       {"internal/kernel", "internal/parallel", "internal/strictjson", "tensor", "nn", "softmax", "data", "checkpoint", "vae"},
	"vae/sentences":       {"internal/kernel", "internal/parallel", "internal/strictjson", "tensor", "nn", "softmax", "data", "checkpoint", "vae"},
	"infer":               {},
	"train":               {"internal/kernel", "internal/parallel", "tensor", "nn", "checkpoint"},
	"eval":                {},
	"vae/tables":          {"internal/kernel", "internal/strictjson", "tensor", "nn", "softmax", "data", "checkpoint", "vae"},
	"vae/tables/fidelity": {"vae/tables"},
	"bench":               {},
	"bench/tables":        {},
	"bench/mnist":         {},
	"bench/shakespeare":   {},
	"bench/vectors":       {},
	"cmd/inkling":         anything,
	".":                   anything,
}

// homes names the only packages in which something may stand ("/…" includes the packages below).
var homes = map[string][]string{
	`import "unsafe"`:   {"internal/kernel"},
	`import "net/http"`: {"serve/…", "cmd/…"},
	`import "C"`:        {},
	"assembly":          {"internal/kernel"},
}

// vague are names that say nothing about what a package is for.
var vague = []string{"util", "utils", "common", "core", "helper", "helpers", "types", "base", "misc"}

func TestLayers(t *testing.T) {
	violations, packages, err := checkLayers(".", "inkling", layers)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range violations {
		t.Error(v)
	}
	if packages < 2 {
		t.Errorf("%d packages found: the test looks in the wrong place", packages)
	}
}

// TestLayersCanFail breaks every rule once.
func TestLayersCanFail(t *testing.T) {
	allowed := map[string][]string{"low": {}, "high": {"low"}, "cmd/x": anything}
	for _, c := range []struct{ file, text, want string }{
		{"high/a.go", "package high\nimport _ \"m/low\"", ""},
		{"cmd/x/a.go", "package main\nimport (\"m/low\"; \"net/http\"; \"os\")\nfunc f() { os.Exit(1) }", ""},
		{"low/a_test.go", "package low\nimport _ \"m/high\"", ""},
		{"low/a_test.go", "package low\nimport \"os\"\nfunc f() { os.Exit(1) }", ""},
		{"low/testdata/a.go", "package testdata", ""},
		{"low/_gen/go.mod", "module gen", ""},
		{"low/a.go", "package low\nimport _ \"m/high\"", "low imports high"},
		{"low/a.go", "//go:build plan9\n\npackage low\nimport _ \"m/high\"", "low imports high"},
		{"new/a.go", "package new", "not in the table"},
		{"low/a.go", "package low\nimport _ \"unsafe\"", `import "unsafe"`},
		{"low/a_test.go", "package low\nimport _ \"unsafe\"", `import "unsafe"`},
		{"low/a.go", "package low\nimport _ \"net/http\"", `import "net/http"`},
		{"low/a.go", "package low\nimport \"C\"", `import "C"`},
		{"low/a_amd64.s", "TEXT x(SB), 4, $0", "assembly"},
		{"low/a.go", "package low\nimport \"os\"\nfunc f() { os.Exit(1) }", "os.Exit"},
		{"low/a.go", "package low\nimport \"log\"\nfunc f() { log.Fatalf(\"\") }", "log.Fatalf"},
		{"low/a.go", "package util", "says nothing"},
	} {
		dir := t.TempDir()
		file := filepath.Join(dir, filepath.FromSlash(c.file))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		violations, _, err := checkLayers(dir, "m", allowed)
		if err != nil {
			t.Fatal(err)
		}
		found := strings.Join(violations, "\n")
		if c.want == "" && found != "" || !strings.Contains(found, c.want) {
			t.Errorf("%s: %q gives %q, want %q", c.file, c.text, found, c.want)
		}
	}
}

// checkLayers reads every Go file of the module below root, whatever its build tags, and returns what breaks a
// rule, and the number of packages seen. Modules within the module keep their own house.
func checkLayers(root, module string, allowed map[string][]string) (violations []string, packages int, err error) {
	seen := map[string]bool{}
	report := func(format string, args ...any) { violations = append(violations, fmt.Sprintf(format, args...)) }

	err = filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			name := entry.Name()
			hidden := strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata"
			_, noModule := os.Stat(filepath.Join(file, "go.mod"))
			if file != root && (hidden || noModule == nil) {
				return filepath.SkipDir
			}
			return nil
		}
		relative, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		pkg := path.Dir(filepath.ToSlash(relative))
		if filepath.Ext(file) == ".s" && !atHome("assembly", pkg) {
			report("%s: assembly belongs in %v", relative, homes["assembly"])
		}
		if filepath.Ext(file) != ".go" {
			return nil
		}
		source, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		isTest := strings.HasSuffix(file, "_test.go")
		if !isTest && !seen[pkg] {
			seen[pkg] = true
			if allowed[pkg] == nil {
				report("package %s is not in the table of layers_test.go: say what it may import", pkg)
			}
		}
		if slices.Contains(vague, source.Name.Name) {
			report("%s: the package name %s says nothing", relative, source.Name.Name)
		}
		for _, spec := range source.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if what := "import " + spec.Path.Value; !atHome(what, pkg) && !(isTest && imported == "net/http") {
				report("%s: %s belongs in %v", relative, what, homes[what])
			}
			ours, isOurs := strings.CutPrefix(imported, module+"/")
			if imported == module {
				ours, isOurs = ".", true
			}
			if may := allowed[pkg]; isOurs && !isTest && !slices.Equal(may, anything) && !slices.Contains(may, ours) {
				report("%s: %s imports %s, which is not below it", relative, pkg, ours)
			}
		}
		if !isTest && source.Name.Name != "main" {
			for _, call := range exits(source) {
				report("%s: %s: only commands may end the process; return an error", relative, call)
			}
		}
		return nil
	})
	return violations, len(seen), err
}

// atHome reports whether what may stand in pkg.
func atHome(what, pkg string) bool {
	packages, ruled := homes[what]
	return !ruled || slices.ContainsFunc(packages, func(home string) bool {
		parent, below := strings.CutSuffix(home, "/…")
		return pkg == parent || below && strings.HasPrefix(pkg, parent+"/")
	})
}

// exits lists the calls in a file that end the process.
func exits(source *ast.File) (calls []string) {
	ast.Inspect(source, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if id, ok := sel.X.(*ast.Ident); ok {
			call := id.Name + "." + sel.Sel.Name
			if call == "os.Exit" || strings.HasPrefix(call, "log.Fatal") {
				calls = append(calls, call)
			}
		}
		return true
	})
	return calls
}
