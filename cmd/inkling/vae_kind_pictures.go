package main

import (
	"inkling/checkpoint"
	"inkling/vae"
)

// ofPictures are VAEs of pictures.
type ofPictures struct{}

func (ofPictures) kind() string      { return vae.Kind }
func (ofPictures) name() string      { return "pictures" }
func (ofPictures) looks(string) bool { return true }

func (ofPictures) train(a *app, t *trainVAECmd) error { return t.pictures(a) }

func (ofPictures) resume(a *app, r *resumeCmd, run *checkpoint.Run) error { return r.resumeVAE(a, run) }

func (ofPictures) eval(a *app, e *evalCmd) error                      { return e.vae(a) }
func (ofPictures) score(a *app, s *scoreCmd) error                    { return s.pictures(a) }
func (ofPictures) sample(a *app, s *sampleCmd) error                  { return s.pictures(a) }
func (ofPictures) reconstruct(a *app, r *reconstructCmd) error        { return r.show(a) }
func (ofPictures) encode(a *app, e *encodeCmd) error                  { return e.numbers(a) }
func (ofPictures) interpolate(a *app, i *interpolateCmd) error        { return i.show(a) }
func (ofPictures) info(a *app, i *infoCmd, run *checkpoint.Run) error { return i.vae(a, run) }
func (ofPictures) list(l *listed, run *checkpoint.Run) error          { return l.readVAE(run) }
