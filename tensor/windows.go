package tensor

import "inkling/internal/kernel"

// windows lays the windows of a convolution out as rows of a matrix, and adds such rows back to images: the two halves that
// convolutions are made of beside a product (im2col and col2im). A matrix of all windows would be Kernel²/Stride² times the images:
// it is made for some lines of windows at a time, so that it stays in the cache, and made again where it is needed again.
type windows struct {
	g      Conv
	lines  int       // of windows in a block, at most
	rows   []float32 // of a block: [lines·OutWidth, Patch]
	pieces []int     // of one image: for each line of each window how much of it is outside, where the rest begins, how long it is
}

// block is some lines of windows, of one image after another.
type block struct {
	first, lines int // counted over all images
	rows         int // windows
	start        int // of the first in the tensor that has a pixel for each window
}

const blockFloats = 1 << 15 // 128 KiB: a part of the second-level cache

func (tp *Tape) windowsOf(g Conv) *windows {
	line := g.OutWidth() * g.Patch()
	w := &windows{g: g, lines: max(1, blockFloats/line)}
	w.rows = tp.Scratch(w.lines * line)
	w.pieces = tp.ScratchInts(3 * g.Windows() * g.Kernel)
	for oy := range g.OutHeight() {
		for ox := range g.OutWidth() {
			x := ox*g.Stride - g.Pad
			from, to := max(x, 0), min(x+g.Kernel, g.Width)
			for ky := range g.Kernel {
				y := oy*g.Stride + ky - g.Pad
				if y < 0 || y >= g.Height || to <= from {
					w.pieces = append(w.pieces, 0, 0, 0)
					continue
				}
				w.pieces = append(w.pieces, (from-x)*g.Channels, (y*g.Width+from)*g.Channels, (to-from)*g.Channels)
			}
		}
	}
	return w
}

// blocks cuts the windows of all images, whose pixels are in t, into blocks that lie without a gap in t.
func (w *windows) blocks(t *Tensor, f func(block)) {
	perImage, perLine := w.g.OutHeight(), w.g.OutWidth()
	for first := 0; first < t.Rows*perImage; {
		image, line := first/perImage, first%perImage
		lines := min(w.lines, t.Rows*perImage-first)
		if t.Stride != t.Cols {
			lines = min(lines, perImage-line)
		}
		f(block{first, lines, lines * perLine, image*t.Stride + line*(t.Cols/perImage)})
		first += lines
	}
}

// gather makes rows of the windows of a block of images, which lie stride apart.
func (w *windows) gather(images []float32, stride int, at block) {
	size, to := w.g.Kernel*w.g.Channels, 0
	w.each(at, stride, func(image int, pieces []int) {
		for ; len(pieces) >= 3; pieces = pieces[3:] {
			skip, from, n := pieces[0], pieces[1], pieces[2]
			row := w.rows[to : to+size]
			if n < size {
				clear(row)
			}
			copyShort(row[skip:skip+n], images[image+from:image+from+n])
			to += size
		}
	})
}

// scatter adds the rows of a block to the images where their windows are.
func (w *windows) scatter(images []float32, stride int, at block) {
	size, from := w.g.Kernel*w.g.Channels, 0
	w.each(at, stride, func(image int, pieces []int) {
		for ; len(pieces) >= 3; pieces = pieces[3:] {
			skip, to, n := pieces[0], pieces[1], pieces[2]
			addShort(images[image+to:image+to+n], w.rows[from+skip:from+skip+n])
			from += size
		}
	})
}

// each gives every line of windows of a block: where its image begins, and its pieces.
func (w *windows) each(at block, stride int, f func(image int, pieces []int)) {
	perImage, perLine := w.g.OutHeight(), 3*w.g.OutWidth()*w.g.Kernel
	for l := at.first; l < at.first+at.lines; l++ {
		line := l % perImage * perLine
		f(l/perImage*stride, w.pieces[line:line+perLine])
	}
}

const short = 16 // a call costs more than so many numbers

func copyShort(dst, src []float32) {
	if len(src) > short {
		copy(dst, src)
		return
	}
	for len(src) >= 4 && len(dst) >= 4 {
		*(*[4]float32)(dst) = [4]float32(src)
		dst, src = dst[4:], src[4:]
	}
	for i, v := range src {
		dst[i] = v
	}
}

func addShort(dst, src []float32) {
	if len(src) > short {
		kernel.Add(dst, src)
		return
	}
	for i, v := range src {
		dst[i] += v
	}
}
