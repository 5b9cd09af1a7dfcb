//go:build tokenizers

package compat

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// order is what the programs in testdata are asked, answer what they say.
type order struct {
	Tokenizer string         `json:"tokenizer"` // the text of a tokenizer.json; "": train one (Python only)
	Config    map[string]any `json:"config"`    // what else stands in a tokenizer_config.json (JavaScript only)
	Train     *training      `json:"train"`
	Texts     []string       `json:"texts"`
}

type training struct {
	Text    string   `json:"text"`
	Size    int      `json:"size"`
	Prefix  bool     `json:"prefix"`
	Special []string `json:"special"`
	Added   []string `json:"added"`
}

type answer struct {
	IDs       [][]int  `json:"ids"`
	Decoded   []string `json:"decoded"`
	Tokenizer string   `json:"tokenizer"`
}

// A library is one of Hugging Face's.
type library struct {
	name string
	ask  func(t *testing.T, o order) answer
}

var libraries = []library{{"javascript", javascript}, {"python", python}}

// javascript asks @huggingface/tokenizers, which npm puts into the user's cache the first time.
func javascript(t *testing.T, o order) answer {
	const version = "0.2.0"
	needs(t, "nodejs", "node")
	home := cache(t, "tokenizers-js-"+version)
	file := filepath.Join(home, "node_modules", "@huggingface", "tokenizers", "dist", "tokenizers.mjs")
	if _, err := os.Stat(file); err != nil {
		needs(t, "npm", "npm")
		install := exec.Command("npm", "install", "--prefix", home, "--no-save", "--no-audit", "--no-fund", "@huggingface/tokenizers@"+version)
		if out, err := install.CombinedOutput(); err != nil {
			t.Fatalf("@huggingface/tokenizers %s is missing, and npm does not bring it: %v\n%s", version, err, out)
		}
	}
	return talk(t, exec.Command("node", filepath.Join("testdata", "encode.mjs"), file), o)
}

// python asks tokenizers of Python, which pip puts into the user's cache if it is not installed.
func python(t *testing.T, o order) answer {
	const version = "0.23.3"
	needs(t, "python3", "python3")
	home := cache(t, "tokenizers-py-"+version)
	env := append(os.Environ(), "PYTHONPATH="+home, "TOKENIZERS_PARALLELISM=false")
	find := exec.Command("python3", "-c", "import tokenizers")
	find.Env = env
	if find.Run() != nil {
		install := exec.Command("python3", "-m", "pip", "install", "--quiet", "--no-deps", "--target", home, "tokenizers=="+version)
		if out, err := install.CombinedOutput(); err != nil {
			t.Fatalf("tokenizers %s is missing, and pip does not bring it: %v\n%s", version, err, out)
		}
	}
	ask := exec.Command("python3", filepath.Join("testdata", "encode.py"))
	ask.Env = env
	return talk(t, ask, o)
}

// needs skips the test if a program is not there, and says how to get it.
func needs(t *testing.T, debian, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("%s is missing: apt-get install %s", program, debian)
	}
}

// cache is a folder for what a package manager brings.
func cache(t *testing.T, name string) string {
	t.Helper()
	user, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(user, "inkling-compat", name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func talk(t *testing.T, c *exec.Cmd, o order) (a answer) {
	t.Helper()
	in, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	var out, complaint bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(in), &out, &complaint
	if err := c.Run(); err != nil {
		t.Fatalf("%v: %v\n%s", c.Args, err, complaint.Bytes())
	}
	if err := json.Unmarshal(out.Bytes(), &a); err != nil {
		t.Fatal(err)
	}
	if len(a.IDs) != len(o.Texts) || len(a.Decoded) != len(o.Texts) {
		t.Fatalf("%d answers for %d texts", len(a.IDs), len(o.Texts))
	}
	return a
}
