package data

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"unicode/utf8"
)

// A Source tells where a text came from, so that a model can say what it was trained on.
type Source struct {
	Name   string `json:"name"`   // the path as it was given, "standard input" for "-"
	Size   int64  `json:"size"`   // bytes
	SHA256 string `json:"sha256"` // in hexadecimal
}

// ReadText reads a file that is to be read as characters, or standard input if the path is "-". A file
// larger than limit bytes is refused; limit 0 means none. The text is as it stands in the file, with
// bytes that are no UTF-8 if it has some. The error says in one line what is wrong with a file that
// has nothing to learn from or is no text.
func ReadText(path string, limit int64) (string, Source, error) {
	text, source, err := ReadBytes(path, limit)
	if err == nil {
		err = checkText(text, source.Name)
	}
	if err != nil {
		return "", Source{}, err
	}
	return text, source, nil
}

// ReadBytes is ReadText for a file that is to be read as bytes, and so need not be text.
func ReadBytes(path string, limit int64) (string, Source, error) {
	file, source := os.Stdin, Source{Name: "standard input"}
	if path != "-" {
		source.Name = path
		var err error
		if file, err = os.Open(path); err != nil {
			return "", Source{}, inWords(path, err)
		}
		defer file.Close()
	}
	info, err := file.Stat()
	if err != nil {
		return "", Source{}, inWords(source.Name, err)
	}
	if info.IsDir() {
		return "", Source{}, fmt.Errorf("%s is a folder: name a file in it", source.Name)
	}
	text, err := readAll(file, &source, info.Size(), limit)
	if err != nil {
		return "", Source{}, err
	}
	return text, source, nil
}

// readAll reads r, of about size bytes, into a text, and its size and hash into source. The text is
// the only copy made.
func readAll(r io.Reader, source *Source, size, limit int64) (string, error) {
	tooLarge := func() error {
		return fmt.Errorf("%s is larger than %d bytes, the most that is read here: use a part of it", source.Name, limit)
	}
	if limit > 0 {
		if size > limit {
			return "", tooLarge()
		}
		r = io.LimitReader(r, limit+1)
	}
	var text strings.Builder
	text.Grow(int(min(size, 1<<30))) // and no more on a file's word alone
	hash := sha256.New()
	n, err := io.Copy(io.MultiWriter(&text, hash), r)
	switch {
	case err != nil:
		return "", inWords(source.Name, err)
	case limit > 0 && n > limit:
		return "", tooLarge()
	case n == 0:
		return "", fmt.Errorf("%s is empty: there is nothing to read", source.Name)
	}
	if _, first := utf8.DecodeRuneInString(text.String()); first == text.Len() {
		return "", fmt.Errorf("%s has only one character: nothing follows it that could be learned or judged", source.Name)
	}
	source.Size, source.SHA256 = n, hex.EncodeToString(hash.Sum(nil))
	return text.String(), nil
}

// inWords says what a file system's error means for the file.
func inWords(name string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &fileError{"there is no file " + name, err}
	case errors.Is(err, fs.ErrPermission):
		return &fileError{name + " may not be read by this user", err}
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Errorf("%s cannot be read: %w", name, err)
}

// A fileError says in its own words what its cause says in the system's.
type fileError struct {
	words string
	cause error
}

func (e *fileError) Error() string { return e.words }
func (e *fileError) Unwrap() error { return e.cause }

// checkText refuses what is no text in UTF-8. A stray NUL (logs have them after a power failure) and
// some bytes of another encoding are let through: they cost a few tokens, not the model.
func checkText(text, name string) error {
	const iconv = "convert it (iconv -f ENCODING -t UTF-8), or use --tokens byte"
	if strings.HasPrefix(text, "\xFF\xFE") || strings.HasPrefix(text, "\xFE\xFF") {
		return fmt.Errorf("%s is UTF-16, not UTF-8: %s", name, iconv)
	}
	if nul := strings.Count(text, "\x00"); nul > len(text)/1000 {
		return fmt.Errorf("%s looks binary (%d NUL bytes among %d): use --tokens byte", name, nul, len(text))
	}
	if invalid := CheckUTF8(text).Invalid; invalid > len(text)/3 {
		return fmt.Errorf("%s is not UTF-8 (%d of its %d bytes): %s", name, invalid, len(text), iconv)
	}
	return nil
}

// Split cuts a text in two: the last share of its characters, to judge a model by, and all before,
// to train it on. The share is between 0 and 1. Each part must have two characters, so that one of
// them can be predicted.
func Split(text string, share float64) (train, valid string, err error) {
	if !(share > 0 && share < 1) {
		return "", "", fmt.Errorf("a share of %g to validate on: it must be between 0 and 1", share)
	}
	n := utf8.RuneCountInString(text)
	cut := int(float64(n) * (1 - share))
	if cut < 2 || n-cut < 2 {
		return "", "", fmt.Errorf("a text of %s is too short to validate on %g of it", amount(n, "character", "characters"), share)
	}
	for at := range text {
		if cut == 0 {
			return text[:at], text[at:], nil
		}
		cut--
	}
	panic("data: a text shorter than itself")
}
