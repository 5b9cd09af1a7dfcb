package main

import (
	"math"
	"strings"
	"testing"
)

// TestPreview: with all dimensions SVD-softmax measures and writes what the model does, but for what bfloat16 rounds; other
// output layers are refused.
func TestPreview(t *testing.T) {
	f := newFolder(t)
	var trained map[string]any
	f.json(&trained, trainArgs("model", "--steps", "20", "--precision", "float32")...)
	text := string(f.read("text.txt"))
	f.write("held.txt", text[len(text)*9/10:])
	var exact, near evaluated
	f.json(&exact, "eval", "model", "held.txt")
	f.json(&near, "eval", "model", "held.txt", "--output", "svd:16,3")
	if exact.SVD != nil || near.SVD == nil {
		t.Fatalf("a preview where none was asked for, or none: %v, %v", exact.SVD, near.SVD)
	}
	if s := near.SVD; near.NatsPerToken != exact.NatsPerToken || math.Abs(s.NatsPerToken-exact.NatsPerToken) > 1e-3 ||
		s.Equal != 1 || s.Certified < 0.99 || s.Sampled < 500 || !(s.Single > 0 && s.Batch > 0 && s.ExactSingle > 0 && s.ExactBatch > 0) || s.Dims != 16 || s.Full != 3 {
		t.Errorf("%+v, exact %g nats", *s, exact.NatsPerToken)
	}
	r := f.must("eval", "model", "held.txt", "--output", "svd")
	f.contains(r.out, "by a preview of 16 dimensions", "10 likeliest", "times as fast")

	var a, b []generated
	f.json(&a, "generate", "model", "--decoder", "greedy", "--max-tokens", "40")
	f.json(&b, "generate", "model", "--decoder", "greedy", "--max-tokens", "40", "--output", "svd:16,3")
	if a[0].Text != b[0].Text || math.Abs(a[0].LogProb-b[0].LogProb) > 1e-2 {
		t.Errorf("greedy by SVD %+v, by all tokens %+v", b, a)
	}
	f.json(&b, "generate", "model", "--max-tokens", "40", "--output", "svd:2,3", "--top-k", "5", "-n", "3")
	f.json(&b, "generate", "model", "--max-tokens", "40", "--output", "svd:2,3")

	f.json(&trained, trainArgs("tree", "--steps", "3", "--output", "tree")...)
	if r := f.run("generate", "tree", "--output", "svd"); r.code != 2 || !strings.Contains(r.err, "a score for each word") || strings.Count(r.err, "\n") != 1 {
		t.Errorf("of a tree: exit code %d, %s", r.code, r.err)
	}
}
