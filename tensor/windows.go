package tensor

import "inkling/internal/kernel"

// windows lays the windows of a convolution out as rows of a matrix, and adds such rows back to images: the two halves that
// convolutions are made of beside a product (im2col and col2im). A matrix of all windows would be Kernel²/Stride² times the images:
// it is made for some lines of windows at a time, so that it stays in the cache, and made again where it is needed again.
// In between lie some lines of an image with what is outside around them, so that every window is whole.
type windows struct {
	g      Conv
	lines  int       // of windows in a block, at most
	rows   []float32 // of a block: [lines·OutWidth, Patch]
	canvas []float32 // what they see of one image: [(lines−1)·Stride+Kernel, Width+2·Pad, Channels]
}

// block is some lines of windows, of one image after another.
type block struct {
	first, lines int // counted over all images
	rows         int // windows
	start        int // of the first in the tensor that has a pixel for each window
}

const blockFloats = 1 << 15 // 128 KiB: a part of the second-level cache

func (tp *Tape) windowsOf(g Conv) *windows {
	rows, canvas := g.ScratchFloats()
	return &windows{g, g.blockLines(), tp.Scratch(rows), tp.Scratch(canvas)}
}

func (g Conv) blockLines() int { return max(1, blockFloats/(g.OutWidth()*g.Patch())) }

// BlockWindows is how many windows a convolution has in a product at most.
func (g Conv) BlockWindows() int { return g.blockLines() * g.OutWidth() }

// ScratchFloats is what a convolution takes of a tape beside its result, in two pieces.
func (g Conv) ScratchFloats() (rows, canvas int) {
	seen := (min(g.blockLines(), g.OutHeight())-1)*g.Stride + g.Kernel
	return g.BlockWindows() * g.Patch(), seen * (g.Width + 2*g.Pad) * g.Channels
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
	g, to := w.g, 0
	piece, wide := g.Kernel*g.Channels, (g.Width+2*g.Pad)*g.Channels
	w.images(at, func(image, first, lines int) {
		w.canvasLines(first, lines, func(line []float32, y int) {
			if y < 0 {
				clear(line)
				return
			}
			left, width := g.Pad*g.Channels, g.Width*g.Channels
			from := image*stride + y*width
			clear(line[:left])
			copy(line[left:], images[from:from+width])
			clear(line[left+width:])
		})
		for l := range lines {
			for ox := range g.OutWidth() {
				window := w.canvas[l*g.Stride*wide+ox*g.Stride*g.Channels:]
				for ky := range g.Kernel {
					copyShort(w.rows[to:to+piece], window[ky*wide:ky*wide+piece])
					to += piece
				}
			}
		}
	})
}

// scatter adds the rows of a block to the images where their windows are.
func (w *windows) scatter(images []float32, stride int, at block) {
	g, from := w.g, 0
	piece, wide := g.Kernel*g.Channels, (g.Width+2*g.Pad)*g.Channels
	w.images(at, func(image, first, lines int) {
		clear(w.canvas)
		for l := range lines {
			for ox := range g.OutWidth() {
				window := w.canvas[l*g.Stride*wide+ox*g.Stride*g.Channels:]
				for ky := range g.Kernel {
					addShort(window[ky*wide:ky*wide+piece], w.rows[from:from+piece])
					from += piece
				}
			}
		}
		w.canvasLines(first, lines, func(line []float32, y int) {
			if y >= 0 {
				left, width := g.Pad*g.Channels, g.Width*g.Channels
				to := image*stride + y*width
				kernel.Add(images[to:to+width], line[left:left+width])
			}
		})
	})
}

// images gives the lines of windows of a block, image by image, counted from the first of each.
func (w *windows) images(at block, f func(image, first, lines int)) {
	perImage := w.g.OutHeight()
	for l := at.first; l < at.first+at.lines; {
		first := l % perImage
		lines := min(at.first+at.lines-l, perImage-first)
		f(l/perImage, first, lines)
		l += lines
	}
}

// canvasLines gives the lines of the canvas that lines of windows see, and which of the image each is, −1 for none.
func (w *windows) canvasLines(first, lines int, f func(line []float32, y int)) {
	wide := (w.g.Width + 2*w.g.Pad) * w.g.Channels
	for i := range (lines-1)*w.g.Stride + w.g.Kernel {
		y := first*w.g.Stride + i - w.g.Pad
		if y >= w.g.Height {
			y = -1
		}
		f(w.canvas[i*wide:(i+1)*wide], max(y, -1))
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
	if len(src) > 0 {
		copy(dst, src)
	}
}

func addShort(dst, src []float32) {
	if len(src) > short {
		kernel.Add(dst, src)
		return
	}
	for len(src) >= 4 && len(dst) >= 4 {
		d, s := (*[4]float32)(dst), (*[4]float32)(src)
		d[0] += s[0]
		d[1] += s[1]
		d[2] += s[2]
		d[3] += s[3]
		dst, src = dst[4:], src[4:]
	}
	for i, v := range src {
		dst[i] += v
	}
}
