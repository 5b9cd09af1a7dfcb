package checkpoint

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"strconv"
)

// checkHeaderSum compares the length and the header with the sum that stands in it, if
// there is one. That comes before the JSON is looked at, so that damage is called damage.
func checkHeaderSum(raw []byte) (found bool, err error) {
	// The mark has unescaped quotes: in valid JSON it is a key and the start of its value.
	_, rest, found := bytes.Cut(raw, []byte(headerMark))
	if !found || len(rest) <= len(zeroSum) {
		return false, nil
	}
	digits := len(raw) - len(rest)
	want, err := parseSum(string(rest[:len(zeroSum)]))
	if err != nil {
		return false, err
	}
	sum := crc32.Checksum(raw[:digits], castagnoli)
	sum = crc32.Update(sum, castagnoli, []byte(zeroSum))
	sum = crc32.Update(sum, castagnoli, rest[len(zeroSum):])
	if sum != want {
		return false, fmt.Errorf("damaged: the header does not match its checksum")
	}
	return true, nil
}

// parseSum reads eight hexadecimal digits.
func parseSum(s string) (uint32, error) {
	sum, err := strconv.ParseUint(s, 16, 32)
	if err != nil || fmt.Sprintf("%08x", sum) != s {
		return 0, fmt.Errorf("damaged: the checksum %s is not 8 hexadecimal digits", quote(s))
	}
	return uint32(sum), nil
}

// takeSums takes the checksums out of the metadata.
func (h *Header) takeSums(checked bool) error {
	data, hasData := h.Metadata[keyData]
	_, hasHeader := h.Metadata[keyHeader]
	if hasData != hasHeader || hasHeader != checked {
		return fmt.Errorf("damaged, or rewritten by another program: the metadata %s and %s do not belong together", keyHeader, keyData)
	}
	if !hasData {
		return nil
	}
	delete(h.Metadata, keyData)
	delete(h.Metadata, keyHeader)
	var err error
	h.sums = true
	h.dataSum, err = parseSum(data)
	return err
}
