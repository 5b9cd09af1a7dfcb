package data

// Bytes gives the vocabulary of the 256 bytes, and a text in it. A token's id is the byte's value,
// whatever the text, and there is no unknown symbol: any sequence of bytes is read and given back
// unchanged.
func Bytes(text string) (*Vocab, []int) {
	v := newBytes()
	ids := v.Encode(text)
	v.count(ids)
	return v, ids
}

func newBytes() *Vocab {
	v := &Vocab{Kind: "byte", Tokens: make([]string, 256), Unknown: -1, coder: byteCoder{}}
	for b := range v.Tokens {
		v.Tokens[b] = string([]byte{byte(b)})
	}
	return v
}

type byteCoder struct{}

func (byteCoder) bytes() int64 { return 0 }

func (byteCoder) encode(text string, _ *Report) []int {
	ids := make([]int, len(text))
	for i := range ids {
		ids[i] = int(text[i])
	}
	return ids
}
