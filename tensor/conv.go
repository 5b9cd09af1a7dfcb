package tensor

import (
	"fmt"

	"inkling/internal/kernel"
)

// Conv is the geometry of a two-dimensional convolution: the images that it looks at, [Height,Width,Channels] with the channels of
// a pixel side by side (HWC), and how a window of Kernel×Kernel pixels moves over them, Stride pixels at a time, from Pad pixels of
// zeros outside. A transposed convolution has the geometry of the convolution that it turns around: images are what it makes.
type Conv struct {
	Height, Width, Channels int
	Kernel, Stride, Pad     int
}

// OutHeight is the number of windows from top to bottom.
func (g Conv) OutHeight() int { return (g.Height+2*g.Pad-g.Kernel)/g.Stride + 1 }

// OutWidth is the number of windows from left to right.
func (g Conv) OutWidth() int { return (g.Width+2*g.Pad-g.Kernel)/g.Stride + 1 }

// Windows is the number of them all.
func (g Conv) Windows() int { return g.OutHeight() * g.OutWidth() }

// Size is the number of values of an image.
func (g Conv) Size() int { return g.Height * g.Width * g.Channels }

// Patch is the number of values in a window: the columns of the weights.
func (g Conv) Patch() int { return g.Kernel * g.Kernel * g.Channels }

// Conv2D is a convolution of images x [n, Height·Width·Channels] into y [n, OutHeight·OutWidth·out], HWC both, with weights w
// [out, Kernel·Kernel·Channels] and a bias b [out] or nil:
//
//	y[oy,ox,o] = b[o] + Σ w[o, (ky·Kernel+kx)·Channels+c] · x[oy·Stride+ky−Pad, ox·Stride+kx−Pad, c]
//
// PyTorch's weight [out,in,k,k] becomes w by permute(0,2,3,1).reshape(out,−1): in this order a line of a window is one piece of
// the image, and what a product makes of windows as rows is y as it stands. Cost 2·Windows·Patch·out operations an image, and
// twice that backward.
func Conv2D(tp *Tape, x *Tensor, w, b *Param, g Conv) *Tensor {
	g.check("Conv2D", x, g.Size(), w, b, w.Rows)
	out, patch := w.Rows, g.Patch()
	y := tp.New(x.Rows, g.Windows()*out, x.Wanted() || tp.Trains(w) || b != nil && tp.Trains(b))
	if b != nil {
		repeat(y, b)
	}
	win := tp.windowsOf(g)
	win.blocks(y, func(at block) {
		win.gather(x.Data, x.Stride, at)
		kernel.MatMul(y.Data[at.start:], out, win.rows, patch, at.rows, w.Packed(true, tp.Precision), b != nil)
	})
	if !y.Wanted() {
		return y
	}
	tp.Record(func() {
		if !y.HasGrad() {
			return
		}
		win.blocks(y, func(at block) {
			dy := y.Grad()[at.start:]
			if tp.Trains(w) {
				win.gather(x.Data, x.Stride, at)
				kernel.MatMulTN(tp.ParamGrad(w), patch, dy, out, win.rows, patch, out, patch, at.rows, tp.Precision)
			}
			if x.Wanted() {
				kernel.MatMul(win.rows, patch, dy, out, at.rows, w.Packed(false, tp.Precision), false)
				win.scatter(x.Grad(), x.Stride, at)
			}
		})
		addChannelSums(tp, y, b)
	})
	return y
}

// ConvTranspose2D is the transpose of the linear map that Conv2D is without its bias: of x [n, OutHeight·OutWidth·in] it makes
// images y [n, Height·Width·Channels], with weights w [in, Kernel·Kernel·Channels] and a bias b [Channels], or [Height·Width·Channels] with
// one for each number, or nil. Each pixel of x adds a window, w times its channels, to the image.
//
// PyTorch's weight of ConvTranspose2d, [in,out,k,k], becomes w by permute(0,2,3,1).reshape(in,−1). What it calls output padding
// is (Height+2·Pad−Kernel) mod Stride: a geometry names the images that come out, so that 7→4→7 needs nothing else.
func ConvTranspose2D(tp *Tape, x *Tensor, w, b *Param, g Conv) *Tensor {
	biases := g.Channels
	if b != nil && b.Cols == g.Size() {
		biases = b.Cols
	}
	g.check("ConvTranspose2D", x, g.Windows()*w.Rows, w, b, biases)
	in, patch := w.Rows, g.Patch()
	y := tp.New(x.Rows, g.Size(), x.Wanted() || tp.Trains(w) || b != nil && tp.Trains(b))
	repeat(y, b)
	win := tp.windowsOf(g)
	win.blocks(x, func(at block) {
		kernel.MatMul(win.rows, patch, x.Data[at.start:], in, at.rows, w.Packed(false, tp.Precision), false)
		win.scatter(y.Data, y.Stride, at)
	})
	if !y.Wanted() {
		return y
	}
	tp.Record(func() {
		if !y.HasGrad() {
			return
		}
		if x.Wanted() || tp.Trains(w) {
			win.blocks(x, func(at block) {
				win.gather(y.Grad(), y.Stride, at)
				if tp.Trains(w) {
					kernel.MatMulTN(tp.ParamGrad(w), patch, x.Data[at.start:], in, win.rows, patch, in, patch, at.rows, tp.Precision)
				}
				if x.Wanted() {
					kernel.MatMul(x.Grad()[at.start:], in, win.rows, patch, at.rows, w.Packed(true, tp.Precision), true)
				}
			})
		}
		addChannelSums(tp, y, b)
	})
	return y
}

func (g Conv) check(op string, x *Tensor, cols int, w, b *Param, out int) {
	if min(g.Kernel, g.Stride, g.Channels, g.Pad+1) < 1 || min(g.Height, g.Width)+2*g.Pad < g.Kernel {
		panic(fmt.Sprintf("tensor: %s of geometry %+v", op, g))
	}
	if x.Cols != cols || w.Cols != g.Patch() {
		panic(fmt.Sprintf("tensor: %s of a %v by %s of %d×%d with geometry %+v", op, x, w.Name, w.Rows, w.Cols, g))
	}
	if b != nil && b.Cols != out {
		panic(fmt.Sprintf("tensor: %s with %d channels and bias %s of %d", op, out, b.Name, b.Cols))
	}
}

// repeat sets every pixel of y to b, or to zeros.
func repeat(y *Tensor, b *Param) {
	for i := range y.Rows {
		switch row := y.Row(i); {
		case b == nil:
			clear(row)
		case i > 0:
			copy(row, y.Row(0))
		default:
			for done := copy(row, b.Value); done < len(row); done *= 2 {
				copy(row[done:], row[:done])
			}
		}
	}
}

// addChannelSums adds the sum over all pixels of y's gradient to that of b: images onto images, then halves onto halves, so that
// additions are long however few channels there are.
func addChannelSums(tp *Tape, y *Tensor, b *Param) {
	if b == nil || !tp.Trains(b) {
		return
	}
	sum := tp.Scratch(y.Cols)
	clear(sum)
	for i := range y.Rows {
		kernel.Add(sum, y.GradRow(i))
	}
	for pixels := y.Cols / b.Cols; pixels > 1; {
		half := pixels / 2
		pixels -= half
		kernel.Add(sum[:half*b.Cols], sum[pixels*b.Cols:(pixels+half)*b.Cols])
	}
	kernel.Add(tp.ParamGrad(b), sum[:b.Cols])
}
