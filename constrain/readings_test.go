package constrain

import (
	"slices"
	"strings"
	"testing"
)

// TestReadings: of more readings than are followed those soonest at an end are kept, wherever they stand: in no order in the grammar, and one
// of the shortest behind rules of its own.
func TestReadings(t *testing.T) {
	const ways = 3 * mostReadings
	var long []string
	for i := range ways {
		n := 1 + i*71%ways // each once
		long = append(long, `"`+strings.Repeat("a", n)+`"`)
	}
	g, err := ParseGrammar("root ::= short | long\nlong ::= " + strings.Join(long, " | ") + "\nshort ::= one\none ::= two\ntwo ::= \"b\"")
	if err != nil {
		t.Fatal(err)
	}
	n, err := g.Over(bytePieces())
	if err != nil {
		t.Fatal(err)
	}
	var ups []int32
	for _, s := range n.p.start.stacks {
		ups = append(ups, n.p.cost(unpack(s)).up)
	}
	slices.Sort(ups)
	want := []int32{1} // the b
	for len(want) < mostReadings {
		want = append(want, int32(len(want)))
	}
	if !slices.Equal(ups, want) || n.p.start.up != 1 {
		t.Errorf("readings that end after %v characters, want %v", ups, want)
	}
	if !n.More(n.Start(), 1) {
		t.Error("no text of one token, and there are two")
	}
}
