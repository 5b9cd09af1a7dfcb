package main

import (
	"strings"
	"testing"
)

func TestWorks(t *testing.T) {
	scene := func(title string) string { return "\t" + title + "\n\nACT I\n\nKING\tSpeak, then.\n\n" }
	text := strings.Repeat(scene("1 KING"), 5) + strings.Repeat(scene("THE OTHER"), 6) + "\tSONG,\n" + strings.Repeat(scene("THE LAST"), 4)
	parts := works(text)
	if len(parts) != 3 || strings.Join(parts, "") != text {
		t.Fatalf("%d works", len(parts))
	}
	for i, title := range []string{"1 KING", "THE OTHER", "THE LAST"} {
		if !strings.HasPrefix(parts[i], "\t"+title+"\n") {
			t.Errorf("work %d begins %q", i, parts[i][:12])
		}
	}
	train, valid := holdOut(parts, 0.2)
	if len(train)+len(valid) != len(text) || len(valid) == 0 || !strings.HasSuffix(train, "\n") {
		t.Errorf("%d + %d of %d characters", len(train), len(valid), len(text))
	}
}
