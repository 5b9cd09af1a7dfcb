package checkpoint

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// hostile are headers that no writer makes, with the number of bytes of data behind
// them and what the refusal must say.
var hostile = []struct {
	header string
	data   int
	cause  string
}{
	// Not JSON, or not this JSON.
	{`[]`, 0, "does not begin with '{'"},
	{` {"w":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4, "does not begin with '{'"},
	{"\ufeff{}", 0, "does not begin with '{'"},
	{`"w"`, 0, "does not begin with '{'"},
	{`{"w":{"dtype":"F32","shape":[],"data_offsets":[0,4]}`, 4, "ends where '}' is expected"},
	{`{"w":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}}`, 4, "other than spaces follows"},
	{`{} {}`, 0, "other than spaces follows"},
	{"{}\n", 0, "other than spaces follows"},
	{"{}\x00\x00\x00\x00\x00\x00", 0, "other than spaces follows"},
	{`{"w":{"dtype":"F32","shape":[],"data_offsets":[0,4]},}`, 4, `'}' where '"' is expected`},
	{`{,}`, 0, `',' where '"' is expected`},
	{`{"w" {"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4, `'{' where ':' is expected`},
	{`{"w":{"dtype":"F32" "shape":[],"data_offsets":[0,4]}}`, 4, `'"' where '}' is expected`},
	{`{'w':{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4, `'\'' where '"' is expected`},
	{`{w:{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4, `'w' where '"' is expected`},
	{`{/*c*/"w":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4, `'/' where '"' is expected`},
	{`{"w":null}`, 0, `tensor "w": header, byte 5: 'n' where '{' is expected`},
	{`{"w":[]}`, 0, `'[' where '{' is expected`},
	{`{"w":{{{{{{{{{{{{`, 0, `'{' where '"' is expected`},
	{`{"w`, 0, "ends within a string"},
	{`{"w\`, 0, "escape that JSON does not know"},
	// Strings.
	{"{\"w\xff\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4, "header, byte 3: not valid UTF-8"},
	{"{\"w\n\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4, "control character in a string"},
	{`{"\x77":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4, "escape that JSON does not know"},
	{`{"\u00g7":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4, "escape that JSON does not know"},
	{`{"\u77":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4, "escape that JSON does not know"},
	{`{"\ud800":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4, "escape that JSON does not know"},
	{`{"\ud800\u0041":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4, "escape that JSON does not know"},
	{`{"\udc00\ud800":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4, "escape that JSON does not know"},
	// Names.
	{`{"":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4, "a tensor has no name"},
	{`{"../w":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4, `tensor "../w" has path elements`},
	{`{"..":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4, `tensor ".." has path elements`},
	{`{"\u002fetc\u002fpasswd":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4, `tensor "/etc/passwd" has path elements`},
	{`{"c:\\w":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4, `tensor "c:\\w" has path elements`},
	{`{"\u0000":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4, `tensor "\x00" has control characters`},
	{`{"\u001b[2J":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4, `tensor "\x1b[2J" has control characters`},
	{`{"` + strings.Repeat("w", 1025) + `":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4, "has a name of 1025 bytes"},
	// Things there twice.
	{`{"w":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[],"data_offsets":[4,8]}}`, 8, `tensor "w" is there twice`},
	{`{"w":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"\u0077":{"dtype":"F32","shape":[],"data_offsets":[4,8]}}`, 8, `tensor "w" is there twice`},
	{`{"w":{"dtype":"F32","shape":[],"data_offsets":[0,4],"dtype":"F32"}}`, 4, "dtype is there twice"},
	{`{"w":{"dtype":"F32","shape":[],"data_offsets":[0,4],"sh\u0061pe":[1]}}`, 4, "shape is there twice"},
	{`{"w":{"data_offsets":[0,0],"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4, "data_offsets is there twice"},
	{`{"__metadata__":{"a":"1","a":"2"}}`, 0, `metadata "a" is there twice`},
	{`{"__metadata__":{},"__metadata__":{}}`, 0, "__metadata__ is there twice"},
	// Metadata.
	{`{"__metadata__":{"a":1}}`, 0, `metadata "a" is not a string`},
	{`{"__metadata__":{"a":{"b":"c"}}}`, 0, `metadata "a" is not a string`},
	{`{"__metadata__":null}`, 0, `'n' where '{' is expected`},
	{`{"__metadata__":"a"}`, 0, `'"' where '{' is expected`},
	// Fields.
	{`{"w":{}}`, 0, `tensor "w": header, byte 7: dtype is missing`},
	{`{"w":{"dtype":"F32","data_offsets":[0,4]}}`, 4, "shape is missing"},
	{`{"w":{"dtype":"F32","shape":[]}}`, 4, "data_offsets are missing"},
	{`{"w":{"dtype":"F32","shape":[],"data_offsets":[0,4],"code":"os.system"}}`, 4, `field "code" is not one of`},
	{`{"w":{"DType":"F32","shape":[],"data_offsets":[0,4]}}`, 4, `field "DType" is not one of`},
	{`{"w":{"dtype":32,"shape":[],"data_offsets":[0,4]}}`, 4, `'3' where '"' is expected`},
	{`{"w":{"dtype":"f32","shape":[],"data_offsets":[0,4]}}`, 4, `dtype "f32" is not one that is read`},
	{`{"w":{"dtype":"I64","shape":[],"data_offsets":[0,8]}}`, 8, `tensor "w": header, byte 19: dtype "I64" is not one that is read`},
	{`{"w":{"dtype":"` + strings.Repeat("F", 300) + `","shape":[],"data_offsets":[0,8]}}`, 8, `F"… is not one that is read`},
	// Numbers.
	{`{"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}`, 4, "not a whole number of zero or more"},
	{`{"w":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}`, 4, "not a whole number of zero or more"},
	{`{"w":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}`, 4, "not a whole number of zero or more"},
	{`{"w":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}`, 4, "not a whole number of zero or more"},
	{`{"w":{"dtype":"F32","shape":[null],"data_offsets":[0,4]}}`, 4, "not a whole number of zero or more"},
	{`{"w":{"dtype":"F32","shape":[[1]],"data_offsets":[0,4]}}`, 4, "not a whole number of zero or more"},
	{`{"w":{"dtype":"F32","shape":[1,],"data_offsets":[0,4]}}`, 4, "not a whole number of zero or more"},
	{`{"w":{"dtype":"F32","shape":[01],"data_offsets":[0,4]}}`, 4, "leading zeros"},
	{`{"w":{"dtype":"F32","shape":[0x1],"data_offsets":[0,4]}}`, 4, `'x' where ']' is expected`},
	{`{"w":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,4]}}`, 4, "number that is too large"},
	{`{"w":{"dtype":"F32","shape":[18446744073709551617],"data_offsets":[0,4]}}`, 4, "number that is too large"},
	{`{"w":{"dtype":"F32","shape":{"0":1},"data_offsets":[0,4]}}`, 4, `'{' where '[' is expected`},
	{`{"w":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}`, 4, "more than 8 dimensions"},
	// Shapes whose product overflows: to 0, to 1, to something that would fit the offsets.
	{`{"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, 0, `tensor "w": the shape [4294967296 4294967296] is too large`},
	{`{"w":{"dtype":"F32","shape":[4294967297,4294967297,4294967297],"data_offsets":[0,4]}}`, 4, "is too large"},
	{`{"w":{"dtype":"F32","shape":[4611686018427387905],"data_offsets":[0,4]}}`, 4, "is too large"},
	{`{"w":{"dtype":"F64","shape":[2305843009213693953],"data_offsets":[0,8]}}`, 8, "is too large"},
	{`{"w":{"dtype":"F32","shape":[0,9223372036854775807,9223372036854775807],"data_offsets":[0,0]}}`, 0, "is too large"},
	{`{"w":{"dtype":"F32","shape":[1000000,1000000],"data_offsets":[0,4]}}`, 4, "needs 4000000000000 bytes, the offsets give 4"},
	{`{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`, 4, "needs 8 bytes, the offsets give 4"},
	{`{"w":{"dtype":"F16","shape":[1],"data_offsets":[0,4]}}`, 4, "needs 2 bytes, the offsets give 4"},
	// Offsets.
	{`{"w":{"dtype":"F32","shape":[],"data_offsets":[4]}}`, 4, "1 data_offsets in place of 2"},
	{`{"w":{"dtype":"F32","shape":[],"data_offsets":[]}}`, 4, "0 data_offsets in place of 2"},
	{`{"w":{"dtype":"F32","shape":[],"data_offsets":[0,4,8]}}`, 4, "more than 2 data_offsets"},
	{`{"w":{"dtype":"F32","shape":[],"data_offsets":[0,-4]}}`, 4, "not a whole number of zero or more"},
	{`{"w":{"dtype":"F32","shape":[],"data_offsets":[4,0]}}`, 4, `tensor "w": its data end at 0, before they begin at 4`},
	{`{"w":{"dtype":"F32","shape":[],"data_offsets":[4,8]}}`, 8, `tensor "w": a hole before its data, from 0 to 4`},
	{`{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[],"data_offsets":[8,12]}}`, 12, `tensor "b": a hole before its data, from 4 to 8`},
	{`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[],"data_offsets":[4,8]}}`, 8, `tensor "b": its data begin at 4, within`},
	{`{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4, `tensor "b": its data begin at 0, within`},
	{`{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 4, `tensor "w": cut short: its data end at 8, those of the file at 4`},
	{`{"w":{"dtype":"F32","shape":[16000000000],"data_offsets":[0,64000000000]}}`, 4, "cut short"},
	{`{"w":{"dtype":"F32","shape":[1152921504606846975],"data_offsets":[0,4611686018427387900]}}`, 4, "cut short"},
	{`{"w":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 5, "1 bytes follow the last tensor"},
	{`{}`, 4, "4 bytes follow the last tensor"},
	// Checksums.
	{`{"__metadata__":{"inkling.data_crc32c":"00000000"}}`, 0, "do not belong together"},
	{`{"__metadata__":{"inkling.header_crc32c":"0000000"}}`, 0, "is not 8 hexadecimal digits"},
	{`{"__metadata__":{"inkling.header_crc32c":"+1234567"}}`, 0, "is not 8 hexadecimal digits"},
	{`{"__metadata__":{"inkling.header_crc32c":"ABCDEF01"}}`, 0, "is not 8 hexadecimal digits"},
	{`{"__metadata__":{"inkling.header_crc32c":"00000000"}}`, 0, "the header does not match its checksum"},
	{`{"__metadata__":{"inkling.header_crc32c" :"00000000"}}`, 0, "do not belong together"},
	{`{"__metadata__":{"inkling.header_crc32c":"`, 0, "ends within a string"},
}

func TestHostileHeaders(t *testing.T) {
	for _, c := range hostile {
		file := build(c.header, make([]byte, c.data))
		var err error
		used := allocated(func() { _, _, err = decode(file) })
		switch {
		case err == nil:
			t.Errorf("%.120s: taken", c.header)
		case !errors.Is(err, ErrFormat) || !strings.HasPrefix(err.Error(), "f: ") || strings.ContainsAny(err.Error(), "\n\x1b") || len(err.Error()) > 400:
			t.Errorf("%.120s: not an error for people: %q", c.header, err)
		case !strings.Contains(err.Error(), c.cause):
			t.Errorf("%.120s: error %q, want %q", c.header, err, c.cause)
		case used > bound(file):
			t.Errorf("%.120s: %d bytes allocated, promised %d", c.header, used, bound(file))
		}
	}
}

// TestFreeOrder: what the format leaves free is read.
func TestFreeOrder(t *testing.T) {
	header := "{ \"b\" :\t{\"shape\":[1],\r\n\"data_offsets\":[4,8],\"dtype\":\"F32\"} ," +
		`"__metadata__":{"\u0061\ud83d\ude00":"\"\\\/\b\f\n\r\t"},"empty":{"dtype":"F16","shape":[0,3],"data_offsets":[4,4]},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}   `
	got, meta, err := decode(build(header, []byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0x40}))
	if err != nil || !equal(got, []Tensor{{"a", nil, []float32{1}}, {"empty", []int{0, 3}, nil}, {"b", []int{1}, []float32{2}}}) {
		t.Error(got, err)
	}
	if meta["a😀"] != "\"\\/\b\f\n\r\t" {
		t.Errorf("%q", meta)
	}
}

// TestHostileLengths: the 8 bytes before the header lie.
func TestHostileLengths(t *testing.T) {
	for _, c := range []struct {
		length uint64
		rest   int
		cause  string
	}{
		{0, 0, "8 bytes are too few"},
		{0, 100, "its header would have 0 bytes"},
		{1, 100, "its header would have 1 bytes"},
		{101, 100, "cut short: its header has 101 bytes, the file 108"},
		{maxHeader, 100, "cut short"},
		{maxHeader + 1, 100, "more than 8388608"},
		{1 << 63, 100, "more than 8388608"},
		{1<<64 - 1, 100, "more than 8388608"},
		{1<<64 - 8, 100, "more than 8388608"},
		{0x20736920656d6f53, 100, "is it a safetensors file?"}, // "Some is "
	} {
		file := append(binary.LittleEndian.AppendUint64(nil, c.length), make([]byte, c.rest)...)
		var err error
		used := allocated(func() { _, _, err = decode(file) })
		if err == nil || !strings.Contains(err.Error(), c.cause) || used > 1<<20 {
			t.Errorf("%x: %v, %d bytes allocated", c.length, err, used)
		}
	}
	// A size that no file has is refused before it is believed.
	file := build("{}      ", nil)
	if _, err := ReadHeader(bytes.NewReader(file), 1<<62, "f"); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Error(err)
	}
}

// TestLargestHeaders fills 8 MiB with what takes the most memory and time.
func TestLargestHeaders(t *testing.T) {
	many := func(format string, n int, args func(i int) []any) string {
		var b strings.Builder
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, format, args(i)...)
		}
		return b.String()
	}
	number := func(i int) []any { return []any{i} }
	none := `"%x":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`
	for what, c := range map[string]struct{ header, cause string }{
		"tensors":          {"{" + many(none, maxTensors, number) + "}", ""},
		"too many tensors": {"{" + many(none, maxTensors+1, number) + "}", "more than 65536 tensors"},
		"dimensions":       {"{" + many(`"%x":{"dtype":"F32","shape":[0,0,0,0,0,0,0,0],"data_offsets":[0,0]}`, maxTensors, number) + "}", ""},
		"rank":             {`{"w":{"dtype":"F32","shape":[` + strings.Repeat("0,", 4<<20-32), "more than 8 dimensions"},
		"offsets":          {`{"w":{"dtype":"F32","shape":[],"data_offsets":[` + strings.Repeat("0,", 4<<20-32), "more than 2 data_offsets"},
		"braces":           {strings.Repeat("{", maxHeader), "is expected"},
		"open tensors":     {`{"a":` + strings.Repeat("{", maxHeader-5), "is expected"},
		"metadata":         {`{"__metadata__":{` + many(`"%x":"x"`, maxMetadata+1, number) + "}}", "more than 4096 metadata"},
		"long metadata":    {`{"__metadata__":{` + many(`"%x":"`+strings.Repeat("x", 2030)+`"`, maxMetadata, number) + "}}", ""},
		"escapes":          {`{"__metadata__":{"a":"` + strings.Repeat(`\n`, 4<<20-16) + `"}}`, ""},
		"long name":        {`{"` + strings.Repeat(`\n`, 4<<20-16) + `":1}`, "the key before has more than 16384 bytes"},
		"long string":      {`{"` + strings.Repeat("x", maxHeader-2), "ends within a string"},
		"spaces":           {"{" + strings.Repeat(" ", maxHeader-1), "ends where"},
		"digits":           {`{"w":{"shape":[` + strings.Repeat("9", maxHeader-15), "too large"},
		"same name":        {"{" + strings.Repeat(`"w":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},`, 100_000) + "}", "twice"},
	} {
		if len(c.header) > maxHeader {
			t.Fatalf("%s: the test's header has %d bytes", what, len(c.header))
		}
		file := build(c.header, nil)
		var err error
		begin := time.Now()
		used := allocated(func() { _, _, err = decode(file) })
		t.Logf("%-16s %8d bytes of header: %5.1f ms, %.1f bytes allocated per byte, %.0f MiB", what, len(c.header),
			time.Since(begin).Seconds()*1e3, float64(used)/float64(len(file)), float64(used)/(1<<20))
		if c.cause == "" && err != nil || c.cause != "" && (err == nil || !strings.Contains(err.Error(), c.cause) || len(err.Error()) > 400) {
			t.Errorf("%s: error %v, want %q", what, err, c.cause)
		}
		if used > bound(file) || used > 64<<20 {
			t.Errorf("%s: %d bytes allocated, promised %d", what, used, bound(file))
		}
	}
}
