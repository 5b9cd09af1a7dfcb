package data

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// An ImageSet is the pictures that a path holds, by parts. A part that the path does not have is nil, and pictures
// that are not in parts are Train.
type ImageSet struct {
	Train, Valid, Test *Images

	// Source has the path as it was given, the size of the files that were read, unpacked, and what they are known by:
	// of one file its SHA256, of several the SHA256 of theirs, in the order train, valid, test.
	Source
	Notes []string // what a person should know of how they were read, a line each
}

// ImageParts says which parts to read.
type ImageParts int

const (
	AllParts ImageParts = iota
	TestPart            // only the test part, where there is one; else all
)

// ImageOptions say how pictures are read. The zero value reads all as they are.
type ImageOptions struct {
	Part     ImageParts
	Gray     bool  // turn colour into luminance (Rec. 601), one channel
	Limit    int   // pictures of each part to keep, the first; 0: all
	MaxBytes int64 // of memory that they may take, said before they are read; 0: any
}

// The parts, in order.
const (
	trainPart = iota
	validPart
	testPart
)

var partNames = [3]string{"train", "valid", "test"}

// OpenImages reads pictures. What a path may be:
//
//   - a folder of IDX files under their usual names (train-images-idx3-ubyte, t10k-images-idx3-ubyte; also valid-… and
//     test-…), packed by gzip or not; labels are passed over
//   - a folder with train.npy, and maybe valid.npy and test.npy
//   - a folder with binarized_mnist_train.amat and the like: lines of digits, 0 or 1
//   - a folder of PNG and JPEG files, in the order of their paths, and those of the folders within; if there are folders
//     train, valid or test in it, these are the parts
//   - one IDX, .npy, .amat, PNG or JPEG file, known by its first bytes
//
// IDX files hold numbers of 8 bits in two (pictures, numbers), three (pictures, rows, columns) or four dimensions
// (with channels, 1 or 3, last). So do .npy files, which may also hold booleans, other integers of 0 to 255 and floats,
// which stay as they are. If no 8-bit number of such files exceeds 1, they are 0 and 1 and not 0 and 1/255, which a note says.
//
// The error says in one line what is wrong and with which file. What a file claims is checked before memory is
// taken for it.
func OpenImages(path string, o ImageOptions) (*ImageSet, error) {
	found, err := findImages(path)
	if err != nil {
		return nil, err
	}
	if o.Part == TestPart && len(found.files[testPart]) > 0 {
		found.files[trainPart], found.files[validPart] = nil, nil
	}
	all, err := found.read(o)
	if err != nil {
		return nil, err
	}
	set := &ImageSet{Source: Source{Name: path, Size: all.size, SHA256: all.sum()}, Notes: append(found.notes, all.notes...)}
	at := 0
	for i, part := range []**Images{&set.Train, &set.Valid, &set.Test} {
		if n := all.counts[i]; n > 0 {
			*part = all.images.Slice(at, at+n)
			at += n
			if v, equal := (*part).level(); equal {
				set.Notes = append(set.Notes, fmt.Sprintf("all pixels of the %s part are equal, %.3g: there is nothing to learn from it", partNames[i], v))
			}
		}
	}
	return set, nil
}

// pictures is what was read: the parts one after another.
type pictures struct {
	images *Images
	counts [3]int // of the parts
	size   int64
	sums   [][sha256.Size]byte // of each file
	notes  []string
}

// sum is what the files are known by.
func (p *pictures) sum() string {
	if len(p.sums) == 1 {
		return hex.EncodeToString(p.sums[0][:])
	}
	h := sha256.New()
	for _, s := range p.sums {
		_, _ = h.Write(s[:])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// level is the first number, and whether all others are as large.
func (m *Images) level() (float32, bool) {
	for _, b := range m.bytes {
		if b != m.bytes[0] {
			return 0, false
		}
	}
	for _, f := range m.floats {
		if f != m.floats[0] {
			return 0, false
		}
	}
	if m.floats != nil {
		return m.floats[0], true
	}
	return m.values[m.bytes[0]], true
}

// fits says no to pictures that take more memory than they may.
func (o ImageOptions) fits(path string, bytes int64) error {
	if o.MaxBytes > 0 && bytes > o.MaxBytes {
		return fmt.Errorf("the pictures of %s take %d MB of memory, and %d MB are allowed: read fewer of them, or make them smaller", path, bytes/1e6, o.MaxBytes/1e6)
	}
	return nil
}

// keep is how many of n pictures are kept.
func (o ImageOptions) keep(n int) int {
	if o.Limit > 0 {
		return min(n, o.Limit)
	}
	return n
}
