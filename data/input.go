package data

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// An Input says where a text is and how it is to be read.
type Input struct {
	Path  string   // a file, a folder or "-" for standard input; gzip and zstd are known by their first bytes
	Ext   []string // what the names of a folder's files end in, without the point; default "txt"
	Lines bool     // each line is an item
	Field string   // each line is a JSON object, and the item is the string it has by this name; implies Lines
}

// A Text is an input that was found. Its bytes are those of its files, one after another and a line apart, as they
// are when they are unpacked. It can be read any number of times, and must be closed.
type Text struct {
	name  string
	root  string // the folder, behind links; "" if it is none
	files []textFile
	items bool
	field string
	spool *os.File // of standard input that is too long for memory
	held  int64    // bytes in memory
}

// textFile is one file of a text.
type textFile struct {
	name string
	open func() (io.ReadCloser, error)
}

// Source tells where a text came from, so that a model can say what it was trained on.
type Source struct {
	Name   string `json:"name"`   // the path as it was given, "standard input" for "-"
	Size   int64  `json:"size"`   // bytes
	SHA256 string `json:"sha256"` // in hexadecimal
}

// Open finds a text. It does not read it yet, but for standard input, which is held in memory, or, if it is longer
// than 64 MiB, in a file without a name in the folder for temporary files. The error says in one line what is wrong.
func Open(in Input) (*Text, error) {
	t := &Text{name: in.Path, items: in.Lines || in.Field != "", field: in.Field}
	if in.Path == "-" {
		t.name = "standard input"
		if err := t.hold(os.Stdin); err != nil {
			return nil, InWords(t.name, err)
		}
		return t, nil
	}
	info, err := os.Stat(in.Path)
	if err != nil {
		return nil, InWords(in.Path, err)
	}
	if info.IsDir() {
		return t, t.findFiles(in.Path, in.Ext)
	}
	if len(in.Ext) > 0 {
		return nil, fmt.Errorf("%s is a file: endings of names are for folders", in.Path)
	}
	t.files = []textFile{onDisk(in.Path)}
	return t, nil
}

// InMemory is a text that is in memory already.
func InMemory(name, text string) *Text {
	return &Text{name: name, files: []textFile{{name, func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(text)), nil
	}}}}
}

// Files is how many there are.
func (t *Text) Files() int { return len(t.files) }

// Held is how many bytes of the text are in memory.
func (t *Text) Held() int64 { return t.held }

// Close gives back what holds the text.
func (t *Text) Close() error {
	if t.spool == nil {
		return nil
	}
	return errors.Join(t.spool.Close(), removed(t.spool.Name()))
}

// removed makes sure that there is no such file.
func removed(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func onDisk(path string) textFile {
	return textFile{path, func() (io.ReadCloser, error) { return os.Open(path) }}
}

var heldInMemory int64 = 64 << 20 // which tests make smaller

// hold reads a stream that can be read once, to be read again.
func (t *Text) hold(r io.Reader) error {
	var text strings.Builder
	n, err := io.Copy(&text, io.LimitReader(r, heldInMemory))
	if err != nil {
		return err
	}
	if n < heldInMemory {
		t.files, t.held = InMemory(t.name, text.String()).files, n
		return nil
	}
	if t.spool, err = os.CreateTemp("", "inkling-text-*"); err != nil {
		return notHeld(err)
	}
	_ = removed(t.spool.Name()) // where the system allows it while it is open, so that it is gone however this ends
	in := &failing{r: r}
	if n, err = io.Copy(t.spool, io.MultiReader(strings.NewReader(text.String()), in)); err != nil {
		_ = t.Close()
		if in.err != nil {
			return in.err
		}
		return notHeld(err)
	}
	t.files = []textFile{{t.name, func() (io.ReadCloser, error) {
		return io.NopCloser(io.NewSectionReader(t.spool, 0, n)), nil
	}}}
	return nil
}

// notHeld says that a long stream cannot be kept.
func notHeld(err error) error {
	what := err
	var path *fs.PathError
	if errors.As(err, &path) {
		what = path.Err
	}
	return &fileError{fmt.Sprintf("standard input is longer than %d MiB, and the file that is to hold it cannot be written to %s (%v): name a folder with more room in TMPDIR, or give the text as a file",
		heldInMemory>>20, os.TempDir(), what), err}
}

// failing notes that reading failed.
type failing struct {
	r   io.Reader
	err error
}

func (f *failing) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		f.err = err
	}
	return n, err
}

// findFiles finds the files of a folder and of those within it, in the order of their paths. Hidden ones and
// links are passed over.
func (t *Text) findFiles(dir string, ext []string) error {
	if len(ext) == 0 {
		ext = []string{"txt"}
	}
	others := map[string]int{}
	root, err := filepath.EvalSymlinks(dir) // WalkDir does not go into a link
	if err != nil {
		return InWords(dir, err)
	}
	t.root = root
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return InWords(path, err)
		}
		if path != root && strings.HasPrefix(d.Name(), ".") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() {
			return nil
		}
		if !slices.ContainsFunc(ext, func(e string) bool { return endsIn(d.Name(), e) }) {
			others[strings.TrimPrefix(filepath.Ext(d.Name()), ".")]++
			return nil
		}
		t.files = append(t.files, onDisk(path))
		return nil
	})
	if err == nil && len(t.files) == 0 {
		err = noFiles(dir, ext, others)
	}
	return err
}

// endsIn says whether a file's name has an ending, maybe with that of a packed file behind it.
func endsIn(name, ext string) bool {
	for _, packed := range []string{"", ".gz", ".zst"} {
		if base, ok := strings.CutSuffix(name, packed); ok && strings.HasSuffix(base, "."+strings.TrimPrefix(ext, ".")) {
			return true
		}
	}
	return false
}

// noFiles says what a folder has instead of the files that were looked for.
func noFiles(dir string, ext []string, others map[string]int) error {
	if len(others) == 0 {
		return fmt.Errorf("%s is a folder without files: name one that has some", dir)
	}
	best, most := "", 0
	for e, n := range others {
		if n > most && e != "" || n == most && e < best {
			best, most = e, n
		}
	}
	if best == "" {
		return fmt.Errorf("%s has no files that end in .%s: name a file in it", dir, strings.Join(ext, " or ."))
	}
	return fmt.Errorf("%s has no files that end in .%s; of .%s it has %d: --ext %s", dir, strings.Join(ext, " or ."), best, most, best)
}

// stream is the bytes of the whole text.
func (t *Text) stream() *textStream { return &textStream{text: t, last: '\n'} }

type textStream struct {
	text   *Text
	hash   hash.Hash // of what was read; may be nil
	at     int       // bytes read
	starts []int     // where each file begins that was opened; the next one has the number of them
	open   io.Closer
	in     io.Reader // nil: none is open
	last   byte      // that was read
}

// file is the number of the file that a byte is of, which was read.
func (s *textStream) file(at int) int {
	return sort.Search(len(s.starts), func(i int) bool { return s.starts[i] > at }) - 1
}

// name is what the file is called that is being read.
func (s *textStream) name() string { return s.text.files[max(0, len(s.starts)-1)].name }

func (s *textStream) Close() error {
	if s.open == nil {
		return nil
	}
	err := s.open.Close()
	s.open, s.in = nil, nil
	return err
}

func (s *textStream) Read(p []byte) (int, error) {
	n, err := s.read(p)
	s.at += n
	if s.hash != nil {
		_, _ = s.hash.Write(p[:n])
	}
	return n, err
}

func (s *textStream) read(p []byte) (int, error) {
	for len(p) > 0 {
		if s.in == nil {
			next := len(s.starts)
			if next == len(s.text.files) {
				return 0, io.EOF
			}
			if s.last != '\n' { // the file before did not end its last line
				p[0], s.last = '\n', '\n'
				return 1, nil
			}
			s.starts = append(s.starts, s.at)
			if err := s.begin(s.text.files[next]); err != nil {
				return 0, InWords(s.name(), err)
			}
		}
		n, err := s.in.Read(p)
		if n > 0 {
			s.last = p[n-1]
			return n, nil
		}
		if errors.Is(err, io.EOF) {
			err = s.Close()
		}
		if err != nil {
			return 0, InWords(s.name(), err)
		}
	}
	return 0, nil
}

// begin opens a file, and unpacks it if it is packed.
func (s *textStream) begin(f textFile) error {
	file, err := f.open()
	if err != nil {
		return err
	}
	in, err := Unpack(file)
	if err != nil {
		file.Close()
		return err
	}
	s.in, s.open = in, closers{in, file}
	return nil
}

// byteOrderMark is what some programs write in front of a text in UTF-8. It is no part of the text.
const byteOrderMark = "\uFEFF"

// Unpack gives the bytes of a file, unpacked if they begin as gzip or zstd do, and without a byte-order mark of UTF-8 in
// front. Closing it does not close the file.
func Unpack(file io.Reader) (io.ReadCloser, error) {
	all, err := unpacked(file)
	if err != nil {
		return nil, err
	}
	in := bufio.NewReaderSize(all, 16) // past which it is not in the way
	if mark, _ := in.Peek(len(byteOrderMark)); string(mark) == byteOrderMark {
		_, _ = in.Discard(len(byteOrderMark))
	}
	return struct {
		io.Reader
		io.Closer
	}{in, all}, nil
}

// unpacked is the bytes of a file, unpacked.
func unpacked(file io.Reader) (io.ReadCloser, error) {
	in := bufio.NewReaderSize(file, 1<<16)
	magic, _ := in.Peek(4)
	switch {
	case bytes.HasPrefix(magic, []byte("\x1F\x8B\x08")):
		return gzip.NewReader(in)
	case bytes.Equal(magic, []byte("\x28\xB5\x2F\xFD")):
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxUnpack))
		if err != nil {
			return nil, err
		}
		return z.IOReadCloser(), nil
	}
	return io.NopCloser(in), nil
}

// maxUnpack is the memory that a packed file may ask for, in bytes.
const maxUnpack = 256 << 20

// closers closes several.
type closers []io.Closer

func (c closers) Close() error {
	var all []error
	for _, one := range c {
		all = append(all, one.Close())
	}
	return errors.Join(all...)
}

// InWords says in one line what an error of a file system or of a packed file means for the file.
func InWords(name string, err error) error {
	var known *fileError
	var corrupt flate.CorruptInputError
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(err, fs.ErrNotExist):
		return &fileError{"there is no file " + name, err}
	case errors.Is(err, fs.ErrPermission):
		return &fileError{name + " may not be read by this user", err}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &fileError{name + " is a packed file that was cut short: pack it again", err}
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		return &fileError{fmt.Sprintf("%s takes more than %d MiB of memory to unpack: pack it again, by zstd without --long or --ultra", name, maxUnpack>>20), err}
	case errors.As(err, &corrupt), errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.Is(err, zstd.ErrCRCMismatch):
		return &fileError{fmt.Sprintf("%s is a packed file that is damaged (%v): pack it again", name, err), err}
	}
	what := err
	var path *fs.PathError
	if errors.As(err, &path) {
		what = path.Err // without the name again
	}
	return &fileError{fmt.Sprintf("%s cannot be read: %v", name, what), err}
}

// A fileError says in its own words what its cause says in the system's.
type fileError struct {
	words string
	cause error
}

func (e *fileError) Error() string { return e.words }
func (e *fileError) Unwrap() error { return e.cause }
