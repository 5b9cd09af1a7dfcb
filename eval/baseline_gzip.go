package eval

import (
	"compress/gzip"
	"io"
	"unicode/utf8"
)

// Gzip is what a held-out text costs, in bits per character, when gzip -9 has just compressed the
// training text: by how much the file grows when the held-out text is written after it. The size of
// the held-out text's own file would be the other measure, but a model is judged after having read
// the training text, and so is gzip here. It is a small favour, since gzip looks back 32 KiB and no
// further; for the same reason only the end of the training text is compressed. Without held-out text
// it is 0.
func Gzip(train, valid string) (bitsPerChar float64) {
	const tail = 2 * 32 << 10
	train = train[max(0, len(train)-tail):]
	return ratio(8*float64(gzipped(train, valid)-gzipped(train)), utf8.RuneCountInString(valid))
}

// gzipped is the size of texts after one another, compressed.
func gzipped(texts ...string) int64 {
	var size counter
	z, err := gzip.NewWriterLevel(&size, gzip.BestCompression)
	must(err)
	for _, text := range texts {
		_, err := io.WriteString(z, text)
		must(err)
	}
	must(z.Close())
	return int64(size)
}

// A counter takes bytes and keeps only their number.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// must holds since a counter takes everything.
func must(err error) {
	if err != nil {
		panic("eval: " + err.Error())
	}
}
