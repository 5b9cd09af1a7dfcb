package data

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"runtime"

	"inkling/internal/parallel"
)

// pictureKind is one of the formats of single pictures.
type pictureKind struct {
	name, magic string
	config      func(io.Reader) (image.Config, error)
	decode      func(io.Reader) (image.Image, error)
}

var pictureKinds = []pictureKind{
	{"PNG", pngMagic, png.DecodeConfig, png.Decode},
	{"JPEG", jpegMagic, jpeg.DecodeConfig, jpeg.Decode},
}

// picture is one file of one picture.
type picture struct {
	name        string
	shape       shape // of the picture, in 1 or 3 channels
	deep        bool  // of 16 bits
	transparent bool  // in places
	size        int64 // of the file
	sum         [sha256.Size]byte
}

// maxPictureFile is how long the file of a picture may be, in bytes: one of maxPicture numbers of 16 bits that does not
// get shorter when it is packed, and as much beside it.
const maxPictureFile = 4 * maxPicture

// readPictures reads files of one picture each, on all cores.
func (f *imageFiles) readPictures(o ImageOptions) (*pictures, error) {
	p := &pictures{}
	var files []*picture
	for i, names := range f.files {
		p.counts[i] = o.keep(len(names))
		for _, name := range names[:p.counts[i]] {
			files = append(files, &picture{name: name})
		}
	}
	if err := parallel.Try(runtime.GOMAXPROCS(0), len(files), func(_, i int) error { return files[i].look() }); err != nil {
		return nil, err
	}
	grey := 0
	for _, q := range files {
		if q.shape.height != files[0].shape.height || q.shape.width != files[0].shape.width {
			return nil, fmt.Errorf("%s is %d×%d and %s %d×%d (height×width): make all pictures of one size",
				files[0].name, files[0].shape.height, files[0].shape.width, q.name, q.shape.height, q.shape.width)
		}
		if q.shape.channels == 1 {
			grey++
		}
	}
	all := files[0].shape
	all.n, all.channels = len(files), 3
	if grey == len(files) || o.Gray {
		all.channels = 1
	}
	if err := o.fits(f.path, all.bytes()); err != nil {
		return nil, err
	}
	p.images = newImages(all)
	size := all.size()
	if err := parallel.Try(runtime.GOMAXPROCS(0), len(files), func(_, i int) error { return files[i].read(p.images.bytes[i*size:][:size], all.channels) }); err != nil {
		return nil, err
	}
	deep, transparent := 0, 0
	for _, q := range files {
		p.size += q.size
		p.sums = append(p.sums, q.sum)
		p.images.names = append(p.images.names, q.name)
		if q.deep {
			deep++
		}
		if q.transparent {
			transparent++
		}
	}
	if grey > 0 && all.channels == 3 {
		p.notes = append(p.notes, fmt.Sprintf("%d of %d pictures are grey: they are read in colour, as the others", grey, len(files)))
	}
	if deep > 0 {
		p.notes = append(p.notes, fmt.Sprintf("%d of %d pictures are of 16 bits: 8 are kept", deep, len(files)))
	}
	if transparent > 0 {
		p.notes = append(p.notes, fmt.Sprintf("%d of %d pictures are transparent in places: they are laid over white", transparent, len(files)))
	}
	return p, nil
}

// look reads what stands before the pixels.
func (q *picture) look() error {
	file, err := os.Open(q.name)
	if err != nil {
		return InWords(q.name, err)
	}
	defer file.Close()
	head := make([]byte, 26) // up to the colour type of a PNG
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return InWords(q.name, err)
	}
	if n == 0 {
		return fmt.Errorf("%s is empty: take it out, or copy it again", q.name)
	}
	_, err = q.begin(head[:n], io.LimitReader(file, maxPictureFile))
	return err
}

// begin reads the size of a picture from its first bytes and those after them, and says of what kind it is.
func (q *picture) begin(head []byte, rest io.Reader) (*pictureKind, error) {
	for i := range pictureKinds {
		k := &pictureKinds[i]
		if !bytes.HasPrefix(head, []byte(k.magic)) {
			continue
		}
		c, err := k.config(io.MultiReader(bytes.NewReader(head), rest))
		if err != nil {
			return nil, q.damaged(k, err)
		}
		channels := int64(3)
		if isGrey(c.ColorModel) || k.name == "PNG" && len(head) > 25 && head[25]&^4 == 0 { // grey, maybe with alpha
			channels = 1
		}
		if q.shape, err = newShape(1, int64(c.Height), int64(c.Width), channels); err != nil {
			return nil, fmt.Errorf("%s %w", q.name, err)
		}
		return k, nil
	}
	return nil, fmt.Errorf("%s is neither PNG nor JPEG, whatever it is called: take it out, or write it as PNG", q.name)
}

// isGrey says whether all colours of a model are grey.
func isGrey(m color.Model) bool {
	palette, ok := m.(color.Palette)
	if !ok {
		return m == color.GrayModel || m == color.Gray16Model
	}
	for _, c := range palette {
		if r, g, b, _ := c.RGBA(); r != g || g != b {
			return false
		}
	}
	return true
}

// damaged says that a file does not hold the picture that it begins with.
func (q *picture) damaged(k *pictureKind, err error) error {
	var path *os.PathError
	switch {
	case errors.As(err, &path):
		return InWords(q.name, err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%s is a %s file that breaks off: copy it again", q.name, k.name)
	}
	return fmt.Errorf("%s is a %s file that breaks off or is damaged (%w): copy it again", q.name, k.name, err)
}

// read sets dst to the pixels, of 1 or 3 channels.
func (q *picture) read(dst []byte, channels int) error {
	file, err := os.Open(q.name)
	if err != nil {
		return InWords(q.name, err)
	}
	defer file.Close()
	packed, err := io.ReadAll(io.LimitReader(file, maxPictureFile+1))
	if err != nil {
		return InWords(q.name, err)
	}
	if len(packed) > maxPictureFile {
		return fmt.Errorf("%s is longer than %d MiB, which no picture that can be read needs: write it again", q.name, maxPictureFile>>20)
	}
	q.size, q.sum = int64(len(packed)), sha256.Sum256(packed)
	was := q.shape
	k, err := q.begin(packed, eof{})
	if err != nil {
		return err
	}
	if q.shape != was {
		return fmt.Errorf("%s became another picture while it was read: read it when nothing writes to it", q.name)
	}
	m, err := k.decode(bytes.NewReader(packed))
	if err != nil {
		return q.damaged(k, err)
	}
	q.put(dst, channels, m)
	return nil
}

// eof is at its end.
type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }

// put sets dst to the pixels of a picture, laid over white.
func (q *picture) put(dst []byte, channels int, m image.Image) {
	b := m.Bounds()
	if g, ok := m.(*image.Gray); ok && channels == 1 {
		for y := range b.Dy() {
			copy(dst[y*b.Dx():][:b.Dx()], g.Pix[y*g.Stride:])
		}
		return
	}
	switch m.ColorModel() {
	case color.Gray16Model, color.RGBA64Model, color.NRGBA64Model:
		q.deep = true
	}
	if o, ok := m.(interface{ Opaque() bool }); ok {
		q.transparent = !o.Opaque()
	}
	flat := image.NewRGBA(b)
	draw.Draw(flat, b, image.White, image.Point{}, draw.Src)
	draw.Draw(flat, b, m, b.Min, draw.Over)
	for i := range b.Dx() * b.Dy() {
		pixel := flat.Pix[4*i:][:3]
		if channels == 1 {
			dst[i] = luminance(pixel)
		} else {
			copy(dst[3*i:], pixel)
		}
	}
}
