//go:build linux

package main

import (
	endian "encoding/binary"
	"fmt"
	"os"
	"strings"
)

// hostileBombs are as large as they may be.
var hostileBombs = []spoiling{
	{"bomb-config-of-1-MiB", func(m *hostileModel) { m.put("config.json", m.config, " ", 1<<20+1-len(m.config)) }},
	{"bomb-config-of-values", func(m *hostileModel) { m.put("config.json", `{"x":[`, "{},", 340_000, "0]}") }},
	{"bomb-config-of-keys", func(m *hostileModel) {
		var b strings.Builder
		for i := range 4000 {
			fmt.Fprintf(&b, `"%0200d":0,`, i)
		}
		m.put("config.json", "{", b.String(), `"kind":"lm"}`)
	}},
	{"bomb-config-of-escapes", func(m *hostileModel) { m.put("config.json", `{"x":"`, `\n`, 500_000, `"}`) }},
	{"bomb-header-of-braces", func(m *hostileModel) { m.bomb("{", 8<<20, "") }},
	{"bomb-header-of-depth", func(m *hostileModel) { m.bomb(`{"a":`, 1<<20, "") }},
	{"bomb-header-of-spaces", func(m *hostileModel) { m.bomb("{", 1, " ") }},
	{"bomb-header-of-digits", func(m *hostileModel) { m.bomb(`{"w":{"shape":[9`, 1, "9") }},
	{"bomb-header-of-one-name", func(m *hostileModel) { m.bomb(`{"`, 1, `\n`) }},
	{"bomb-header-of-metadata", func(m *hostileModel) { m.bomb(`{"__metadata__":{"a":"`, 1, `\u00e9`) }},
	{"bomb-header-of-tensors", func(m *hostileModel) { m.manyTensors(65_536, "[0]") }},
	{"bomb-header-of-dimensions", func(m *hostileModel) { m.manyTensors(65_536, "[0,0,0,0,0,0,0,0]") }},
	{"bomb-header-of-too-many-tensors", func(m *hostileModel) { m.manyTensors(65_537, "[0]") }},
	{"bomb-tokens-too-large", func(m *hostileModel) { m.put("tokenizer.json", m.tokenizer, " ", 32<<20) }},
	{"bomb-tokens-of-one-text", func(m *hostileModel) { m.tokens(`"normalizer": null`, `"normalizer": "`, `\n`, `"`) }},
	{"bomb-tokens-of-one-token", func(m *hostileModel) { m.tokens(`"vocab": {`, `"vocab": {"`, `\n`, `":0,`) }},
	{"bomb-tokens-of-one-number", func(m *hostileModel) { m.tokens(`"vocab": {`, `"vocab": {"a":1`, `0`, `,`) }},
	{"bomb-tokens-of-depth", func(m *hostileModel) { m.tokens(`"normalizer": null`, `"normalizer": `, `[`, ``) }},
	{"bomb-tokens-of-values", func(m *hostileModel) { m.tokens(`"normalizer": null`, `"normalizer": [`, `0,`, `0]`) }},
	{"bomb-tokens-of-keys", func(m *hostileModel) { m.tokens(`"version"`, ``, `"x":0,`, `"version"`) }},
	{"bomb-tokens-of-the-same", func(m *hostileModel) { m.tokens(`"vocab": {`, `"vocab": {`, `"a":0,`, ``) }},
	{"bomb-tokens-of-escapes", func(m *hostileModel) { m.tokens(`"vocab": {`, `"vocab": {`, `"\u4e00":1000000,`, ``) }},
	{"bomb-tokens-of-counts", func(m *hostileModel) { m.tokens(`"counts": [`, `"counts": [`, `0,`, ``) }},
	{"bomb-tokens-of-merges", func(m *hostileModel) { m.tokens(`"merges": []`, `"merges": [`, `"a b",`, `"a b"]`) }},
	{"bomb-tokens-a-million", func(m *hostileModel) { m.million("") }},
	{"bomb-tokens-a-million-and-spaces", func(m *hostileModel) { m.million(strings.Repeat(" ", 14)) }},
	{"bomb-tokens-a-million-the-last-twice", func(m *hostileModel) {
		// As many weights as the config then asks for, in two bytes each.
		const v = 1 << 20
		m.put("config.json", m.edit(m.config, `"hidden": 16`, `"hidden": 1`))
		m.millionOf(v-1, "", fmt.Sprintf(",\"\U00010000\":%d", v-1))
		header := fmt.Sprintf(`{"w":{"dtype":"F16","shape":[%d],"data_offsets":[0,%d]}}`, 4*(v+1)+8+2*v, 2*(4*(v+1)+8+2*v))
		m.put("model.safetensors", string(endian.LittleEndian.AppendUint64(nil, uint64(len(header)))), header)
		if err := os.Truncate(m.path("model.safetensors"), int64(8+len(header)+2*(4*(v+1)+8+2*v))); err != nil {
			m.Error(err)
		}
	}},
}

// bomb writes weights of a header that begins with start and goes on with fill up to 8 MiB, or as
// often as it is said.
func (m *hostileModel) bomb(start string, times int, fill string) {
	size := len(start) * times
	n := 0
	if fill != "" {
		n = (8<<20 - size) / len(fill)
	}
	m.put("model.safetensors", string(endian.LittleEndian.AppendUint64(nil, uint64(min(8<<20, size+n*len(fill))))), start, times, fill, n, "\x00", 8)
}

// manyTensors writes weights of as many empty tensors, and no data.
func (m *hostileModel) manyTensors(n int, shape string) {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"%x":{"dtype":"F32","shape":%s,"data_offsets":[0,0]}`, i, shape)
	}
	header := "{" + b.String()[1:] + "}"
	m.put("model.safetensors", string(endian.LittleEndian.AppendUint64(nil, uint64(len(header)))), header)
}

// tokens writes a tokenizer in which old is replaced by before, fill as often as it may be, and after.
func (m *hostileModel) tokens(old, before, fill, after string) {
	head, tail, ok := strings.Cut(m.tokenizer, old)
	if !ok {
		m.Errorf("%q is not in the tokenizer", old)
	}
	room := 32<<20 - len(head) - len(before) - len(after) - len(tail)
	m.put("tokenizer.json", head, before, fill, room/len(fill), after, tail)
}

// million writes a valid tokenizer of 2²⁰ tokens, with space before each.
func (m *hostileModel) million(space string) { m.millionOf(1<<20, space, "") }

func (m *hostileModel) millionOf(n int, space, last string) {
	head, rest, _ := strings.Cut(m.tokenizer, `"vocab": {`)
	file, err := os.Create(m.path("tokenizer.json"))
	if err != nil {
		m.Error(err)
		return
	}
	defer file.Close()
	b := []byte(head + "\"vocab\": {\"\ufffd\":0")
	for id := 1; id < n && err == nil; id++ {
		b = fmt.Appendf(b, ",%s\"%c\":%d", space, 0x10000+id-1, id)
		if len(b) > 1<<16 {
			_, err = file.Write(b)
			b = b[:0]
		}
	}
	if _, e := file.WriteString(string(b) + last + "}}}"); err != nil || e != nil || !strings.Contains(rest, "counts") {
		m.Error(err, e)
	}
}
