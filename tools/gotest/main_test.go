package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestOutcomes runs go test on a module with every outcome.
func TestOutcomes(t *testing.T) {
	files := map[string]string{
		"go.mod": "module m\n\ngo 1.26\n",
		"fine/a_test.go": `package fine
import "testing"
func TestA(t *testing.T) { t.Run("sub", func(t *testing.T) {}) }
func TestB(t *testing.T) { t.Skip("no such device") }
`,
		"bad/a_test.go": `package bad
import "testing"
func TestC(t *testing.T) { t.Error("the message") }
func TestD(t *testing.T) {}
`,
		"broken/a_test.go":   "package broken\nvar x int = \"text\"\n",
		"panics/a_test.go":   "package panics\nimport \"testing\"\nfunc TestE(t *testing.T) { panic(\"the reason\") }\n",
		"exits/a_test.go":    "package exits\nimport (\"os\"; \"testing\")\nfunc TestF(t *testing.T) { println(\"last words\"); os.Exit(3) }\n",
		"untested/a.go":      "package untested\n",
		"runsnone/a.go":      "package runsnone\n",
		"runsnone/b_test.go": "package runsnone\n",
	}
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		packages string
		want     counts
		says     []string
	}{
		{"./fine", counts{2, 0, 1}, []string{"SKIP  m/fine TestB", "no such device", "ok    m/fine"}},
		{"./bad", counts{1, 1, 0}, []string{"FAIL  m/bad TestC", "the message", "FAIL  m/bad  "}},
		{"./broken", counts{0, 1, 0}, []string{"cannot use", "FAIL  m/broken"}},
		{"./panics", counts{0, 1, 0}, []string{"the reason"}},
		{"./exits", counts{0, 1, 0}, []string{"last words", "FAIL  m/exits"}},
		{"./untested", counts{}, nil},
		{"./runsnone", counts{}, nil},
		{"./...", counts{3, 4, 1}, nil},
	} {
		cmd := exec.Command("go", "test", "-json", c.packages)
		cmd.Dir = dir
		events, _ := cmd.Output() // fails where a test does
		var report strings.Builder
		if got := read(strings.NewReader(string(events)), &report); got != c.want {
			t.Errorf("%s: %v, want %v:\n%s", c.packages, got, c.want, &report)
		}
		for _, want := range c.says {
			if !strings.Contains(report.String(), want) {
				t.Errorf("%s: %q is not in the report:\n%s", c.packages, want, &report)
			}
		}
	}
}
