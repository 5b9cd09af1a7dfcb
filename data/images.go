package data

import "fmt"

// Images are pictures of one size, in memory: of 8 bits as bytes, else as float32. They are read only, so any
// number of goroutines may do so.
type Images struct {
	Height, Width, Channels int

	// One of the two, picture after picture, in each row after row, the channels of a pixel together.
	bytes  []byte
	floats []float32

	values *[256]float32 // what the bytes stand for
	names  []string      // of the files, where each picture has its own
	picked []int         // which pictures these are, in their order; nil: all
	first  int           // pictures of what was read that are before them in memory
}

var (
	shares  [256]float32 // of bytes that are 0 to 255: n/255
	factual [256]float32 // of bytes that are 0 or 1 in truth: n
)

func init() {
	for i := range shares {
		shares[i], factual[i] = float32(i)/255, float32(i)
	}
}

// newImages makes room for n pictures.
func newImages(s shape) *Images {
	m := &Images{Height: s.height, Width: s.width, Channels: s.channels, values: &shares}
	if s.float {
		m.floats = make([]float32, s.n*s.size())
	} else {
		m.bytes = make([]byte, s.n*s.size())
	}
	return m
}

// Len is how many pictures there are.
func (m *Images) Len() int {
	if m.picked != nil {
		return len(m.picked)
	}
	return (len(m.bytes) + len(m.floats)) / m.Size()
}

// at is where picture i is.
func (m *Images) at(i int) int {
	if m.picked != nil {
		return m.picked[i]
	}
	return i
}

// Size is how many numbers a picture is: Height·Width·Channels.
func (m *Images) Size() int { return m.Height * m.Width * m.Channels }

// Name is the file of picture i, "" where one file holds many.
func (m *Images) Name(i int) string {
	if m.names == nil {
		return ""
	}
	return m.names[m.at(i)]
}

// Number is which picture of those that were read picture i is: the same whatever was picked and cut.
func (m *Images) Number(i int) int { return m.first + m.at(i) }

// Bytes is the memory that they take. A slice, or those that were picked, take none of their own.
func (m *Images) Bytes() int64 { return int64(len(m.bytes)) + 4*int64(len(m.floats)) }

// Read sets dst, of Size numbers, to picture i: row after row, the channels of a pixel together (HWC). Numbers of
// 8 bits are given as 0 to 1, others as they are.
func (m *Images) Read(dst []float32, i int) {
	size := m.Size()
	if len(dst) != size {
		panic(fmt.Sprintf("data: %d numbers for a picture of %d", len(dst), size))
	}
	if i < 0 || i >= m.Len() {
		panic(fmt.Sprintf("data: picture %d of %d", i, m.Len()))
	}
	i = m.at(i)
	if m.floats != nil {
		copy(dst, m.floats[i*size:])
		return
	}
	for j, b := range m.bytes[i*size:][:size] {
		dst[j] = m.values[b]
	}
}

// Pick is some of the pictures, in the order of their numbers. They share memory.
func (m *Images) Pick(pictures []int) *Images {
	s := *m
	s.picked = make([]int, len(pictures))
	for k, i := range pictures {
		if i < 0 || i >= m.Len() {
			panic(fmt.Sprintf("data: picture %d of %d", i, m.Len()))
		}
		s.picked[k] = m.at(i)
	}
	return &s
}

// Spread parts the pictures into n of them, evenly spread, and the rest: where they are in the order of what they show, as pictures often
// are, both have some of everything.
func (m *Images) Spread(n int) (picked, rest *Images) {
	if n < 0 || n > m.Len() {
		panic(fmt.Sprintf("data: %d of %d pictures", n, m.Len()))
	}
	var these, others []int
	for i := range m.Len() {
		if (i+1)*n/m.Len() > i*n/m.Len() {
			these = append(these, i)
		} else {
			others = append(others, i)
		}
	}
	return m.Pick(these), m.Pick(others)
}

// Slice is the pictures from one up to, not with, another. They share memory.
func (m *Images) Slice(from, to int) *Images {
	if from < 0 || from > to || to > m.Len() {
		panic(fmt.Sprintf("data: pictures %d to %d of %d", from, to, m.Len()))
	}
	s := *m
	size := m.Size()
	if m.picked != nil {
		s.picked = m.picked[from:to:to]
		return &s
	}
	s.first += from
	if m.names != nil {
		s.names = m.names[from:to:to]
	}
	if m.floats != nil {
		s.floats = m.floats[from*size : to*size : to*size]
	} else {
		s.bytes = m.bytes[from*size : to*size : to*size]
	}
	return &s
}

// shape is what pictures take.
type shape struct {
	n, height, width, channels int
	float                      bool // of float32, not of 8 bits
}

func (s shape) size() int { return s.height * s.width * s.channels }

// bytes is the memory that the pictures take.
func (s shape) bytes() int64 {
	if s.float {
		return 4 * int64(s.n) * int64(s.size())
	}
	return int64(s.n) * int64(s.size())
}

// String is the size of one picture, in words.
func (s shape) String() string {
	switch s.channels {
	case 1:
		return fmt.Sprintf("%d×%d", s.height, s.width)
	case 3:
		return fmt.Sprintf("%d×%d in colour", s.height, s.width)
	}
	return fmt.Sprintf("%d×%d of %d channels", s.height, s.width, s.channels)
}

// maxPicture is how many numbers a picture may be. It is beyond what any model here can learn, and it bounds what a
// file of a few bytes can ask for.
const maxPicture = 1 << 24

// newShape checks sizes that a file claims.
func newShape(n, height, width, channels int64) (shape, error) {
	size := int64(1)
	for _, d := range []int64{height, width, channels} {
		if d < 1 {
			return shape{}, fmt.Errorf("says that its pictures are %d×%d of %d channels: write it again with pictures in it", height, width, channels)
		}
		if d > maxPicture || size*d > maxPicture {
			return shape{}, fmt.Errorf("says that a picture is %d×%d of %d channels, more than %d numbers: make the pictures smaller", height, width, channels, maxPicture)
		}
		size *= d
	}
	if n < 1 {
		return shape{}, fmt.Errorf("says that it holds %d pictures: write it again with pictures in it", n)
	}
	if n > 1<<48/size {
		return shape{}, fmt.Errorf("says that it holds %d pictures of %d numbers, more than any machine can: its header is damaged, write it again", n, size)
	}
	return shape{n: int(n), height: int(height), width: int(width), channels: int(channels)}, nil
}
