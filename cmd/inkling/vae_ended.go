package main

import (
	"fmt"
	"strings"

	"inkling/train"
	"inkling/vae"
)

// trainedRun is what --json says of a run of any VAE, beside what each kind has of its own.
type trainedRun struct {
	Out         string   `json:"out"`
	Steps       int      `json:"steps"`
	Seconds     float64  `json:"seconds"`
	Valid       *float64 `json:"valid"` // nats per example held out, minus the bound of the objective; null without
	BestStep    int      `json:"best_step"`
	Interrupted bool     `json:"interrupted"`
	Early       bool     `json:"early"`
	Averaged    bool     `json:"averaged"`
	judgedVAE

	seen float64 // examples that training saw, the same ones again counted again
}

// perSecond is how many examples training saw in a second.
func (o trainedRun) perSecond() float64 {
	if o.Seconds <= 0 {
		return 0
	}
	return o.seen / o.Seconds
}

// ended says how a run ended, what it saw of what, in words, where the model is and what to try next.
func (o trainedRun) ended(a *app, saw, also string, next ...string) {
	how := "finished"
	if o.Interrupted {
		how, next = "stopped", append([]string{"inkling resume " + quoted(o.Out)}, next...)
	}
	fmt.Fprintf(a.out, "%s at step %s after %s: %s\n", how, thousands(o.Steps), span(seconds(o.Seconds)), saw)
	fmt.Fprintf(a.out, "the model is in %s%s\n\ntry next:\n  %s\n", o.Out, also, strings.Join(next, "\n  "))
}

// saw is what training saw of "images" or others, and how many in a second.
func (o trainedRun) saw(what string) string {
	return fmt.Sprintf("%s %s seen, %s %s/s", thousands(int64(o.seen)), what, thousands(int64(o.perSecond())), what)
}

// report trains, tells of it, and says whether the user stopped it.
func (t *vaeTraining) report(a *app, tell func(*app, train.Result) error) error {
	r, err := t.train(a)
	if err != nil {
		return err
	}
	if err := tell(a, r); err != nil {
		return err
	}
	if r.Interrupted {
		return errInterrupted
	}
	return nil
}

// vaeCardKind begins the title of the README.md of a run.
func vaeCardKind(point bool) string {
	if point {
		return "An auto-encoder"
	}
	return "A variational auto-encoder"
}

// vaeCardSettings are the lines of settings in the README.md of a run that all kinds have.
func vaeCardSettings(o vae.Objective, t settings, with madeWith) string {
	return fmt.Sprintf("- %s\n- batch %d, %s, products in %s, seed %d\n- %s\n- %s, %s/%s, %s, %s\n", o.Describe(), t.Batch, plural(t.Shards, "shard"), t.Precision, t.Seed, t.optimizer(),
		t.length(), with.OS, with.Arch, with.ISA, plural(with.Threads, "thread"))
}

// card is the part of the README.md of a run that says what it came to, of "pictures" or others.
func (o trainedRun) card(what string) string {
	s := fmt.Sprintf("\n## Results\n\n%s steps, %s %s seen.\n", thousands(o.Steps), thousands(int64(o.seen)), what)
	switch {
	case o.Valid == nil:
	case o.point:
		s += fmt.Sprintf("On the %s held out, log p(x|z) at the encoder's z is %.2f nats of each.\n", what, o.Reconstruction)
	default:
		s += fmt.Sprintf("On the %s held out, nats of each:\n\n| log p(x\\|z) | KL | ELBO | active units |\n|---|---|---|---|\n| %.2f | %.2f | %.2f | %s |\n", what, o.Reconstruction, o.KL, o.ELBO, o.active())
		if why := o.collapse(); why != "" {
			s += fmt.Sprintf("\n%s.\n", capital(why))
		}
	}
	return s
}
