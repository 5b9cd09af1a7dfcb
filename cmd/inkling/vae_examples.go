package main

import (
	"fmt"
	"strings"

	"inkling/data"
	"inkling/vae"
)

// partFlag says which part of a folder is meant.
type partFlag struct {
	Part string `help:"Of a folder with parts: train, valid or test; the last that there is unless given." enum:",train,valid,test" default:"" placeholder:"PART" of:"pictures"`
}

// pictures reads what a model is to look at, as it saw pictures in training. Of each part no more than limit are read; 0: all.
func (f partFlag) pictures(a *app, path string, c *vaeConfig, limit int) (vae.Pictures, error) {
	e, _, err := f.open(a, path, c, limit)
	return e, err
}

// open does so, and gives the parts that they are one of.
func (f partFlag) open(a *app, path string, c *vaeConfig, limit int) (e vae.Pictures, set *data.ImageSet, err error) {
	o := data.ImageOptions{Gray: c.Data.Gray, Limit: limit, MaxBytes: a.memory()}
	if f.Part == "" || f.Part == "test" {
		o.Part = data.TestPart
	}
	if set, err = data.OpenImages(path, o); err != nil {
		return e, nil, err
	}
	for _, n := range set.Notes {
		a.note("%s", n)
	}
	e = vae.Pictures{Binarize: c.Binarize, Seed: c.Train.Seed}
	var parts []string
	for _, p := range []struct {
		name   string
		images *data.Images
	}{{"train", set.Train}, {"valid", set.Valid}, {"test", set.Test}} {
		if p.images != nil {
			parts = append(parts, p.name)
			if f.Part == "" || f.Part == p.name {
				e.Images = p.images
			}
		}
	}
	if e.Images == nil {
		return e, nil, badInput("%s has no part %s: leave --part out, or choose %s", path, f.Part, strings.Join(parts, " or "))
	}
	return e, set, fits(c.Model, e.Images, path)
}

// fits refuses pictures of another size than the model's.
func fits(c vae.Config, m *data.Images, path string) error {
	if m.Height == c.Height && m.Width == c.Width && m.Channels == c.Channels {
		return nil
	}
	remedy := "make them of that size"
	if m.Channels == 3 && c.Channels == 1 {
		remedy += ", in grey"
	}
	return badInput("%s: the pictures are of %s, and the model is of pictures of %s: %s", path,
		sizeInWords(m.Height, m.Width, m.Channels), sizeInWords(c.Height, c.Width, c.Channels), remedy)
}

func sizeInWords(height, width, channels int) string {
	switch channels {
	case 1:
		return fmt.Sprintf("%d × %d", height, width)
	case 3:
		return fmt.Sprintf("%d × %d in colour", height, width)
	}
	return fmt.Sprintf("%d × %d of %d channels", height, width, channels)
}
