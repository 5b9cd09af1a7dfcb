package data

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// A text that is too large for memory is tokenized once, into a file, and trained on from there. The file
// is a cache: whoever deletes it loses time and nothing else. It holds
//
//	"inkl.ids"   8 bytes
//	ids          [IDBytes] each, little-endian
//	about        JSON of a [Side]
//	size         of about, 4 bytes, little-endian
//	"inkl.end"   8 bytes
//
// and is there whole or not at all: it is written under another name, and renamed when it is on the disk.
//
// It is read by positioned reads and not mapped: a mapped file that another program cuts short ends the
// process that reads it, and its pages would count as memory of ours.

const (
	idMagic = "inkl.ids"
	idEnd   = "inkl.end"
	// maxAbout bounds the JSON: 12 digits for the count of each of the most tokens there can be.
	maxAbout = 16 << 20
)

// WriteIDs writes a file of tokens: whatever fill writes to w, which must be the ids of the vocabulary, and what
// it says of them.
func WriteIDs(path string, fill func(w io.Writer) (Side, error)) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".part-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			file.Close()
			os.Remove(file.Name())
		}
	}()
	w := bufio.NewWriterSize(file, 1<<18)
	if _, err = w.WriteString(idMagic); err != nil {
		return err
	}
	side, err := fill(w)
	if err != nil {
		return err
	}
	about, err := json.Marshal(side)
	if err != nil {
		return err
	}
	about = append(binary.LittleEndian.AppendUint32(about, uint32(len(about))), idEnd...)
	if _, err = w.Write(about); err != nil {
		return err
	}
	if err = errors.Join(w.Flush(), file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// IDFile is tokens in a file.
type IDFile struct {
	file  *os.File
	width int
	vocab int
	n     int
	bufs  sync.Pool
}

// OpenIDs opens a file of tokens of a vocabulary of so many, and gives what was said of them. The error is
// fs.ErrNotExist if there is none, and says so if it is none of ours or not whole.
func OpenIDs(path string, vocab int) (*IDFile, Side, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, Side{}, err
	}
	t := &IDFile{file: file, width: IDBytes(vocab), vocab: vocab, bufs: sync.Pool{New: func() any { return new([]byte) }}}
	side, err := t.readAbout()
	if err != nil {
		file.Close()
		return nil, Side{}, fmt.Errorf("%s: %w", path, err)
	}
	return t, side, nil
}

// ErrNoIDs says that a file is none of tokens of the vocabulary, or not whole.
var ErrNoIDs = errors.New("is no whole file of tokens: delete it, and it is made again")

// readAbout reads both ends of the file.
func (t *IDFile) readAbout() (side Side, err error) {
	info, err := t.file.Stat()
	if err != nil {
		return side, err
	}
	const tail = 4 + int64(len(idEnd))
	size := info.Size()
	if size < int64(len(idMagic))+tail {
		return side, ErrNoIDs
	}
	var magic [len(idMagic)]byte
	var end [tail]byte
	if _, err := t.file.ReadAt(magic[:], 0); err != nil {
		return side, err
	}
	if _, err := t.file.ReadAt(end[:], size-tail); err != nil {
		return side, err
	}
	n := int64(binary.LittleEndian.Uint32(end[:]))
	ids := size - int64(len(idMagic)) - tail - n
	if string(magic[:]) != idMagic || string(end[4:]) != idEnd || n > maxAbout || ids < 0 {
		return side, ErrNoIDs
	}
	about := make([]byte, n)
	if _, err := t.file.ReadAt(about, size-tail-n); err != nil {
		return side, err
	}
	if err := json.Unmarshal(about, &side); err != nil || len(side.Counts) != t.vocab || int64(side.Tokens)*int64(t.width) != ids {
		return side, ErrNoIDs
	}
	t.n = side.Tokens
	return side, nil
}

// Len is the number of tokens.
func (t *IDFile) Len() int { return t.n }

// Close closes the file.
func (t *IDFile) Close() error { return t.file.Close() }

// Read reads tokens from the file. It fails if the file has been changed meanwhile, or the disk does.
func (t *IDFile) Read(dst []int, at int) error {
	if at < 0 || at+len(dst) > t.n {
		panic(fmt.Sprintf("data: tokens %d to %d of %d", at, at+len(dst), t.n))
	}
	buf := t.bufs.Get().(*[]byte)
	defer t.bufs.Put(buf)
	bytes := len(dst) * t.width
	if cap(*buf) < bytes {
		*buf = make([]byte, bytes)
	}
	packed := (*buf)[:bytes]
	if _, err := t.file.ReadAt(packed, int64(len(idMagic))+int64(at)*int64(t.width)); err != nil {
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("the file of tokens %s ends before token %d of %d: it was changed; delete it, and it is made again", t.file.Name(), at+len(dst), t.n)
		}
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		return fmt.Errorf("the file of tokens %s cannot be read: %w", t.file.Name(), err)
	}
	unpack(dst, packed, t.width)
	for _, id := range dst {
		if id >= t.vocab {
			return fmt.Errorf("the file of tokens %s holds token %d, and there are %d: it was changed; delete it, and it is made again", t.file.Name(), id, t.vocab)
		}
	}
	return nil
}
