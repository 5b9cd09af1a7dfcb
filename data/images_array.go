package data

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"sync"
)

// arrayFile is a file of many pictures: a header, then their numbers. IDX, .npy and .amat are such, packed by gzip or not.
// What its header claims is held against its size before memory is taken.
type arrayFile struct {
	*bufio.Reader // of what is unpacked
	name          string
	file          *os.File
	size          int64 // of the file
	packed        bool

	header int64     // bytes before the numbers
	hash   hash.Hash // of all that was read
	shape  shape
	number number
}

// number is how the numbers of a file are written. One of the two functions decodes them, and says of which it is that
// it cannot be used, and why; -1 if there is none.
type number struct {
	name   string
	width  int // bytes of each
	bytes  func(dst, src []byte) (int, string)
	floats func(dst []float32, src []byte) (int, string)
}

// uint8s are numbers of 8 bits.
var uint8s = number{name: "uint8", width: 1, bytes: func(dst, src []byte) (int, string) {
	copy(dst, src)
	return -1, ""
}}

// openArray opens a file, and unpacks it if it is packed.
func openArray(name string) (*arrayFile, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, InWords(name, err)
	}
	if !info.Mode().IsRegular() { // opening a pipe may wait for ever
		return nil, fmt.Errorf("%s is no file of which the size is known, as that of pictures must be: write it to one", name)
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, InWords(name, err)
	}
	a := &arrayFile{name: name, file: file, hash: sha256.New()}
	if err := a.begin(); err != nil {
		file.Close()
		return nil, InWords(name, err)
	}
	return a, nil
}

func (a *arrayFile) begin() error {
	info, err := a.file.Stat()
	if err != nil {
		return err
	}
	a.size = info.Size()
	a.Reader = bufio.NewReaderSize(inWords{a.name, a.file}, 1<<16)
	if magic, _ := a.Peek(3); string(magic) == "\x1F\x8B\x08" {
		z, err := gzip.NewReader(a.Reader)
		if err != nil {
			return err
		}
		a.Reader, a.packed = bufio.NewReaderSize(inWords{a.name, z}, 1<<16), true
	}
	return nil
}

// inWords reads what has a name. Its errors say so, and what is to be done; they are none of the io package but io.EOF.
type inWords struct {
	name string
	r    io.Reader
}

func (r inWords) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = InWords(r.name, err)
	}
	return n, err
}

// fill reads all of p. The error is io.EOF where the file ends well, and too early.
func (a *arrayFile) fill(p []byte) error {
	n, err := io.ReadFull(a, p)
	_, _ = a.hash.Write(p[:n])
	if err == io.ErrUnexpectedEOF { // from here: the file's own has words
		return io.EOF
	}
	return err
}

func (a *arrayFile) Close() error { return a.file.Close() }

// bad says what is wrong with the file.
func (a *arrayFile) bad(format string, args ...any) error {
	return fmt.Errorf("%s "+format, append([]any{a.name}, args...)...)
}

// take reads the next n bytes of the header.
func (a *arrayFile) take(n int) ([]byte, error) {
	p := make([]byte, n)
	err := a.fill(p)
	if errors.Is(err, io.EOF) {
		err = a.bad("ends within its header: copy it again")
	}
	a.header += int64(n)
	return p, err
}

// readHeader reads and checks what stands before the numbers.
func (a *arrayFile) readHeader() error {
	magic, err := a.Peek(len(npyMagic))
	read := a.readIDX
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return err
	case len(magic) == 0:
		return a.bad("is empty: name a file with pictures")
	case string(magic) == npyMagic:
		read = a.readNPY
	case amatMagic(magic):
		read = a.readAMAT
	case !bytes.HasPrefix(magic, []byte(idxMagic)):
		return a.bad("is neither IDX, .npy nor .amat, whatever it is called: name a file that is")
	}
	dims, err := read()
	if err != nil {
		return err
	}
	height, width, channels := int64(1), int64(1), int64(1)
	switch len(dims) {
	case 2:
		width = dims[1]
	case 3:
		height, width = dims[1], dims[2]
	case 4:
		if height, width, channels = dims[1], dims[2], dims[3]; channels != 1 && channels != 3 {
			return a.bad("has pictures of %d×%d×%d, and the last must be 1 or 3 channels: write it with the channels last", height, width, channels)
		}
	default:
		return a.bad("has %d dimensions, and pictures have two (pictures, numbers), three (pictures, rows, columns) or four (and channels): write it so", len(dims))
	}
	if a.shape, err = newShape(dims[0], height, width, channels); err != nil {
		return a.bad("%w", err)
	}
	a.shape.float = a.number.floats != nil
	return a.plausible()
}

// deflateMost is how many times longer than its packed form something can be, by the format of gzip.
const deflateMost = 1032

// plausible holds what the header claims against the size of the file.
func (a *arrayFile) plausible() error {
	said := a.header + a.numbers()
	switch {
	case !a.packed && a.size < said, a.packed && a.size < said/deflateMost:
		return a.shorter()
	case !a.packed && a.size > said:
		return a.longer()
	}
	return nil
}

// numbers is how many bytes of numbers there are to be.
func (a *arrayFile) numbers() int64 {
	return int64(a.shape.n) * int64(a.shape.size()) * int64(a.number.width)
}

func (a *arrayFile) unpacked() string {
	if a.packed {
		return " unpacked"
	}
	return ""
}

func (a *arrayFile) shorter() error {
	return a.bad("is shorter than its header says, which is %d bytes%s: copy it again", a.header+a.numbers(), a.unpacked())
}

func (a *arrayFile) longer() error {
	return a.bad("is longer than its header says, which is %d bytes%s: its header is damaged, copy it again", a.header+a.numbers(), a.unpacked())
}

// readNumbers reads all numbers, and those of the pictures that m has room for into it.
func (a *arrayFile) readNumbers(m *Images) error {
	const block = 1 << 18 // bytes, a multiple of the width of any number
	var (
		p    = make([]byte, block)
		kept = len(m.bytes) + len(m.floats)
		at   = 0 // numbers
	)
	for left := a.numbers(); left > 0; {
		p = p[:min(left, block)]
		if err := a.fill(p); errors.Is(err, io.EOF) {
			return a.shorter()
		} else if err != nil {
			return err
		}
		left -= int64(len(p))
		if n := min(len(p)/a.number.width, kept-at); n > 0 {
			var wrong int
			var why string
			if m.floats != nil {
				wrong, why = a.number.floats(m.floats[at:at+n], p)
			} else {
				wrong, why = a.number.bytes(m.bytes[at:at+n], p)
			}
			if wrong >= 0 {
				return a.bad("has %s in picture %d (counted from 0): write it without", why, (at+wrong)/a.shape.size())
			}
			at += n
		}
	}
	switch _, err := a.ReadByte(); {
	case err == nil:
		return a.longer()
	case !errors.Is(err, io.EOF):
		return err
	}
	return nil
}

// readArrays reads files of which each is a part.
func (f *imageFiles) readArrays(o ImageOptions) (*pictures, error) {
	var (
		p     = &pictures{}
		files []*arrayFile
		all   shape
	)
	for i, names := range f.files {
		for _, name := range names {
			a, err := openArray(name)
			if err != nil {
				return nil, err
			}
			defer a.Close()
			if err := a.readHeader(); err != nil {
				return nil, err
			}
			if files = append(files, a); len(files) > 1 {
				if err := a.likes(files[0]); err != nil {
					return nil, err
				}
			}
			p.counts[i] = o.keep(a.shape.n)
			p.size += a.header + a.numbers()
			all.n += p.counts[i]
		}
	}
	n := all.n
	all = files[0].shape
	all.n = n
	if err := o.fits(f.path, all.bytes()); err != nil {
		return nil, err
	}
	p.images = newImages(all)
	var (
		wait sync.WaitGroup
		errs = make([]error, len(files))
		at   = 0
	)
	for i, a := range files {
		kept := o.keep(a.shape.n)
		m := p.images.Slice(at, at+kept)
		at += kept
		wait.Go(func() { errs[i] = a.readNumbers(m) })
	}
	wait.Wait()
	for i, a := range files {
		if errs[i] != nil {
			return nil, errs[i]
		}
		p.sums = append(p.sums, [sha256.Size]byte(a.hash.Sum(nil)))
	}
	p.settle()
	if o.Gray {
		p.images = p.images.gray()
	}
	return p, nil
}

// likes says no to files of which the pictures are not of one kind.
func (a *arrayFile) likes(b *arrayFile) error {
	s, t := a.shape, b.shape
	s.n, t.n = 0, 0
	switch {
	case s.float != t.float:
		return fmt.Errorf("%s holds %s and %s holds %s: write both in the same type", b.name, b.number.name, a.name, a.number.name)
	case s != t:
		return unequal(b.name, t, a.name, s)
	}
	return nil
}

// unequal says that two files are not of one size.
func unequal(a string, s shape, b string, t shape) error {
	return fmt.Errorf("the pictures of %s are %v and those of %s %v: make all of one size", a, s, b, t)
}

// settle says what bytes stand for.
func (p *pictures) settle() {
	m := p.images
	most := byte(0)
	for _, b := range m.bytes {
		if most = max(most, b); most > 1 {
			return
		}
	}
	if most == 1 {
		m.values = &factual
		p.notes = append(p.notes, "no number is larger than 1: they are taken as 0 and 1, not as 0 and 1/255")
	}
}
