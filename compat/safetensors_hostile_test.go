package compat

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/nlpodyssey/safetensors"
)

// stricter are files that the other reader takes and ours refuses, and what ours says of them.
var stricter = []struct {
	header string
	data   int
	reason string
}{
	// A key that is there twice: readers differ in which of them they believe, so what was checked by one
	// is not what another uses.
	{`{"w":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4, `tensor "w" is there twice`},
	{`{"w":{"dtype":"F16","dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4, "dtype is there twice"},
	{`{"__metadata__":{"a":"1","a":"2"}}`, 0, `metadata "a" is there twice`},
	{`{"__metadata__":{},"__metadata__":{}}`, 0, "__metadata__ is there twice"},
	// Names that are files, or orders to a terminal, to whoever unpacks or prints them.
	{`{"../w":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4, "path elements"},
	{`{"\u001b[2J":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4, "control characters"},
	{`{"":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4, "a tensor has no name"},
	{`{"` + strings.Repeat("w", 1025) + `":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4, "a name of 1025 bytes"},
	// Types that no model of ours has.
	{`{"w":{"dtype":"I64","shape":[],"data_offsets":[0,8]}}`, 8, "is not one that is read"},
	{`{"w":{"dtype":"BOOL","shape":[4],"data_offsets":[0,4]}}`, 4, "is not one that is read"},
	// Shapes that are no matrix of anyone's.
	{`{"w":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}`, 4, "more than 8 dimensions"},
	{`{"__metadata__":null}`, 0, "'n' where '{' is expected"},
	// Broken text: a byte that is no UTF-8, half of a surrogate pair.
	{"{\"w\xff\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4, "not valid UTF-8"},
	{`{"\ud800":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4, "escape that JSON does not know"},
	// A header that is padded with something else than spaces.
	{"{}\n", 0, "other than spaces"},
	{" {}", 0, "does not begin with '{'"},
	// A product that overflows behind a zero.
	{`{"w":{"dtype":"F32","shape":[0,9223372036854775807,9223372036854775807],"data_offsets":[0,0]}}`, 0, "too large"},
	// Damage: the other reader knows nothing of our checksums.
	{`{"__metadata__":{"inkling.data_crc32c":"00000000"}}`, 0, "do not belong together"},
	{`{"__metadata__":{"inkling.header_crc32c":"00000000"}}`, 0, "does not match its checksum"},
}

func TestSafetensorsWeAreStricter(t *testing.T) {
	for _, c := range stricter {
		file := build(c.header, make([]byte, c.data))
		if _, err := safetensors.Deserialize(file); err != nil {
			t.Errorf("%.100s: they refuse it as well: %v", c.header, err)
		}
		if _, _, err := read(file); err == nil || !strings.Contains(err.Error(), c.reason) {
			t.Errorf("%.100s: %v, want %q", c.header, err, c.reason)
		}
	}
	// Numbers that are not finite are bytes to them.
	file := build(`{"w":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, []byte{0, 0, 0xc0, 0x7f})
	if _, err := safetensors.Deserialize(file); err != nil {
		t.Error(err)
	}
	if _, _, err := read(file); err == nil || !strings.Contains(err.Error(), "not finite") {
		t.Error(err)
	}
}

// seeds are headers to begin with.
var seeds = []string{
	`{}`,
	`{"__metadata__":{"a":"b","c\u0041":"\ud83d\ude00"},"w":{"dtype":"F16","shape":[2,1],"data_offsets":[0,4]}}  `,
	`{"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},"a":{"dtype":"F64","shape":[],"data_offsets":[0,8]}}`,
	`{"empty":{"dtype":"BF16","shape":[3,0],"data_offsets":[0,0]},"x":{"shape":[2],"data_offsets":[0,8],"dtype":"F32"}}`,
	`{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},"empty":{"dtype":"F32","shape":[0],"data_offsets":[4,4]},"y":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`,
}

// agree wants the other reader to take whatever ours takes, with the same content.
func agree(t *testing.T, header string, data []byte) (taken bool) {
	file := build(header, data)
	ours, meta, err := read(file)
	if err != nil {
		return false
	}
	theirs, err := safetensors.Deserialize(file)
	if err != nil {
		t.Errorf("%q: we take what they refuse: %v", header, err)
		return true
	}
	same(t, ours, theirs)
	_, head, err := safetensors.ReadMetadata(file)
	if err != nil {
		t.Fatal(err)
	}
	for key, value := range meta {
		if head.Metadata()[key] != value {
			t.Errorf("%q: metadata %q here, %q there", header, meta, head.Metadata())
		}
	}
	return true
}

// pieces are what headers are made of.
var pieces = []string{
	`"`, `{`, `}`, `[`, `]`, `,`, `:`, ` `, "\n", `0`, `1`, `4`, `8`, `-`, `.`, `e`, `\`, `\u0041`, `\ud800`, "\xff", "\x00", `null`, `"a"`, `"b"`,
	`"dtype":"F32"`, `"dtype":"F16"`, `"F64"`, `"shape":[]`, `"shape":[1]`, `[0,4]`, `[4,8]`, `"data_offsets"`, `"__metadata__":{}`, `"w":{"dtype":"F32","shape":[],"data_offsets":[0,4]}`,
}

// TestSafetensorsAgree changes headers at random: cuts, repeats, exchanges and inserts pieces.
func TestSafetensorsAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	taken := 0
	const files = 100_000
	for range files {
		header := seeds[r.IntN(len(seeds))]
		for range r.IntN(3) {
			i := r.IntN(len(header) + 1)
			j := i + r.IntN(min(8, len(header)-i)+1)
			switch piece := pieces[r.IntN(len(pieces))]; r.IntN(4) {
			case 0: // cut
				header = header[:i] + header[j:]
			case 1: // repeat
				header = header[:j] + header[i:]
			case 2:
				header = header[:i] + piece + header[i:]
			case 3:
				header = header[:i] + piece + header[j:]
			}
		}
		data := []byte("\x00\x3c\x00\x40\x01\x02\x03\x40\x05\x06\x07\x40")[:r.IntN(4)*4]
		if agree(t, header, data) {
			taken++
		}
	}
	t.Logf("%d of %d files are taken", taken, files)
	if taken < files/100 {
		t.Errorf("only %d of %d files are taken: the test compares too little", taken, files)
	}
	for _, c := range stricter {
		if agree(t, c.header, make([]byte, c.data)) {
			t.Errorf("%.100s: taken", c.header)
		}
	}
}
