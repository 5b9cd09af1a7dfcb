package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRun puts a program in inkling's place that says what it was asked, and looks at the table.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "inkling")
	script := "#!/bin/sh\necho \"$@\" >&2\ncase $1 in\ntrain) echo '{\"steps\":12,\"seconds\":3,\"images_per_s\":400}';;\neval) echo '{\"bound\":-86.5,\"standard_error\":0.25,\"elbo\":-90.25,\"kl\":20,\"active_units\":19,\"examples\":7}';;\nesac\n"
	if err := os.WriteFile(program, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	var out, said strings.Builder
	args := []string{"-images", "some/mnist", "-inkling", program, "-scale", "0.5", "-out", dir, "-limit", "7"}
	if err := run(context.Background(), args, &out, &said); err != nil {
		t.Fatal(err, said.String())
	}
	for _, want := range []string{
		"| vae | -86.50 ± 0.25 | −86.76 / −86.35 | -90.25 | 19 | 12 | 400 |",
		"`inkling train vae mnist --budget 20m0s --latent 50 --hidden 200,200 --valid 0.01 --objective dreg --k 5`, 7 test pictures",
		"by 5000 importance samples",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "fixed") {
		t.Error("a task without its pictures")
	}
	logs, err := filepath.Glob(filepath.Join(dir, "*-mnist-dreg5.log"))
	if err != nil || len(logs) != 1 {
		t.Fatal(logs, err)
	}
	log, err := os.ReadFile(logs[0])
	if err != nil || !strings.HasPrefix(string(log), "train vae some/mnist --budget 20m0s") {
		t.Errorf("the log is %q, %v", log, err)
	}
	for _, bad := range [][]string{{}, {"-images", "x", "-scale", "0"}, {"-images", "x", "-samples", "0"}} {
		if err := run(context.Background(), bad, &out, &said); err == nil {
			t.Errorf("%v is taken", bad)
		}
	}
}
