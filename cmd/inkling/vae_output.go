package main

import (
	"bufio"
	endian "encoding/binary"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"

	"inkling/checkpoint"
	"inkling/vae"
)

// What a picture of pictures may be: more could be made, and nobody could look at it.
const (
	mostInGrid = 10_000
	mostPixels = 1 << 26
)

// suffix is how the name of an output ends, which says what is written into it.
func suffix(flag, name string, known ...string) (string, error) {
	ext := strings.ToLower(filepath.Ext(name))
	for _, k := range known {
		if ext == k {
			return ext, nil
		}
	}
	if base := filepath.Base(name); strings.TrimSuffix(base, filepath.Ext(base)) == "" {
		name = base
	}
	return "", usage("%s %s: the name must end in %s, which says what is written", flag, name, strings.Join(known, " or "))
}

// writeOut writes a file whole or not at all.
func writeOut(name string, write func(io.Writer) error) error {
	return checkpoint.WriteFile(filepath.Dir(name), filepath.Base(name), write)
}

// writeGrid writes pictures in rows as a PNG file.
func writeGrid(name string, c vae.Config, x []float32, columns int) error {
	raw, err := grid(c, x, columns)
	if err != nil {
		return err
	}
	return writeOut(name, func(w io.Writer) error {
		_, err := w.Write(raw)
		return err
	})
}

// checkGrid refuses so many pictures for one that nobody could look at it.
func checkGrid(c vae.Config, n int) error {
	scale := gridScale(c)
	if n > mostInGrid || int64(n)*int64(c.Height*scale+1)*int64(c.Width*scale+1) > mostPixels {
		return usage("%s of %d × %d are too many for one PNG: ask for fewer, or for their numbers, with --out NAME.npy", plural(n, "picture"), c.Height, c.Width)
	}
	return nil
}

// npyHeader is what NumPy's format has before numbers of float32 in rows, version 1.0: a dictionary in the text of Python, padded such that
// the numbers begin at a multiple of 64.
func npyHeader(shape ...int) []byte {
	const magic = "\x93NUMPY\x01\x00"
	var sizes []string
	for _, n := range shape {
		sizes = append(sizes, fmt.Sprint(n))
	}
	text := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }", strings.Join(sizes, ", "))
	length := (len(magic)+2+len(text)+1+63)/64*64 - len(magic) - 2
	b := endian.LittleEndian.AppendUint16([]byte(magic), uint16(length))
	return fmt.Appendf(b, "%-*s\n", length-1, text)
}

// shapeOf is the shape of n pictures, as a .npy file of them has it.
func shapeOf(c vae.Config, n int) []int {
	if c.Channels == 1 {
		return []int{n, c.Height, c.Width}
	}
	return []int{n, c.Height, c.Width, c.Channels}
}

// writeNPY writes float32 that come in blocks.
func writeNPY(name string, shape []int, blocks func(emit func([]float32) error) error) error {
	return writeOut(name, func(w io.Writer) error {
		b := bufio.NewWriterSize(w, 1<<16)
		if _, err := b.Write(npyHeader(shape...)); err != nil {
			return err
		}
		err := blocks(func(x []float32) error {
			for _, v := range x {
				if _, err := b.Write(endian.LittleEndian.AppendUint32(b.AvailableBuffer(), math.Float32bits(v))); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		return b.Flush()
	})
}

// whole are blocks of what is in memory.
func whole(x []float32) func(emit func([]float32) error) error {
	return func(emit func([]float32) error) error { return emit(x) }
}

// writePictures writes pictures into a file, as a grid or as numbers.
func writePictures(name string, c vae.Config, x []float32, columns int) error {
	if strings.EqualFold(filepath.Ext(name), ".npy") {
		return writeNPY(name, shapeOf(c, len(x)/c.Inputs()), whole(x))
	}
	return writeGrid(name, c, x, columns)
}
