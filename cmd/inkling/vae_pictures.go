package main

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math/rand/v2"

	"inkling/vae"
)

// grid is pictures in rows, as one PNG. x has them one after another.
func grid(c vae.Config, x []float32, columns int) ([]byte, error) {
	const gap = 1
	n := len(x) / c.Inputs()
	columns = max(1, min(columns, n))
	rows := (n + columns - 1) / columns
	scale := gridScale(c)
	img := image.NewRGBA(image.Rect(0, 0, columns*(c.Width*scale+gap)-gap, rows*(c.Height*scale+gap)-gap))
	draw.Draw(img, img.Rect, image.NewUniform(color.Gray{128}), image.Point{}, draw.Src)
	for i := range n {
		left, top := i%columns*(c.Width*scale+gap), i/columns*(c.Height*scale+gap)
		for y := range c.Height * scale {
			for z := range c.Width * scale {
				at := x[i*c.Inputs()+(y/scale*c.Width+z/scale)*c.Channels:][:c.Channels]
				img.SetRGBA(left+z, top+y, pixel(at))
			}
		}
	}
	var b bytes.Buffer
	err := png.Encode(&b, img)
	return b.Bytes(), err
}

// gridScale is how many pixels a number is wide and high, so that 28 × 28 can be seen.
func gridScale(c vae.Config) int { return max(1, 56/max(c.Height, c.Width)) }

// pixel is the colour of one number, grey, or of three.
func pixel(at []float32) color.RGBA {
	level := func(v float32) uint8 { return uint8(255*min(max(v, 0), 1) + 0.5) }
	if len(at) == 3 {
		return color.RGBA{level(at[0]), level(at[1]), level(at[2]), 255}
	}
	v := level(at[0])
	return color.RGBA{v, v, v, 255}
}

const stripColumns = 16

// strip writes samples.png of the run: pictures held out, what the model makes of them, and two rows that it drew. The same z each time, so
// that one sees them change.
func (s *vaeSitting) strip() error {
	m, rnd := s.fit.Model, rand.New(rand.NewPCG(s.cfg.Train.Seed, 0x57))
	var x []float32
	seen := s.held()
	if seen.Images == nil {
		seen.Images = s.pictures.train
	}
	if n := min(stripColumns, seen.Len()); n == stripColumns {
		x = seen.Rows(0, n)
		x = append(x, m.Decode(m.Encode(x, nil), nil)...)
	}
	x = append(x, m.Generate(2*stripColumns, rnd)...)
	raw, err := grid(m.Config, x, stripColumns)
	if err != nil {
		return err
	}
	return s.run.WriteFile("samples.png", raw)
}
