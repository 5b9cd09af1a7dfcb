package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"inkling/data"
	"inkling/eval"
	"inkling/vae"
)

// judgedVAE is what a VAE makes of examples, in nats of each.
type judgedVAE struct {
	Reconstruction float64 `json:"reconstruction"` // E_q log p(x|z)
	KL             float64 `json:"kl"`
	ELBO           float64 `json:"elbo"`
	Information    float64 `json:"mutual_information"` // of x and the first layer's z, under q; of n examples at most log n
	InformationSE  float64 `json:"mutual_information_standard_error"`
	ActiveUnits    int     `json:"active_units"`
	Variables      int     `json:"variables"`
	Collapsed      []int   `json:"collapsed"` // variables, numbered from 1 through all layers, that say nothing of x

	layers [][2]int // active and all, by layer
	most   float64  // the most information that so many examples can show
	point  bool     // the model is an auto-encoder, of which only the reconstruction says something
	alike  bool     // the pictures are all the same
}

// idle is the divergence below which a variable that is not active is no other than the prior, in nats.
const idle = 0.01

func summarize(c vae.Config, j *vae.Judged) judgedVAE {
	o := judgedVAE{Reconstruction: eval.Mean(j.LogLikelihood), KL: eval.Mean(j.KL), Collapsed: []int{}, point: c.Point}
	if !c.Point {
		o.Information, o.InformationSE = informationOf(j)
		o.most = math.Log(float64(min(len(j.KL), eval.MaxInformation)))
	}
	o.ELBO = o.Reconstruction - o.KL
	active := map[int]bool{}
	for _, v := range j.Active() {
		active[v] = true
	}
	o.ActiveUnits = len(active)
	for _, layer := range j.Variables {
		n := 0
		for _, nats := range layer {
			if active[o.Variables] {
				n++
			} else if nats < idle && !c.Point {
				o.Collapsed = append(o.Collapsed, o.Variables+1)
			}
			o.Variables++
		}
		o.layers = append(o.layers, [2]int{n, len(layer)})
	}
	return o
}

// informationOf is the mutual information of x and the first layer's z under q, in nats.
func informationOf(j *vae.Judged) (nats, standardError float64) {
	const seed = 1 // the same draws whenever it is compared
	return eval.Information(j.Means[0], j.LogDeviations[0], len(j.Variables[0]), seed)
}

// printVAE prints a result with what a VAE makes of examples in it as one JSON value. Of an auto-encoder it leaves out all that
// stands for a distribution over z, since there is none.
func (a *app) printVAE(result any, point bool) error {
	if !point {
		return a.printJSON(result)
	}
	raw, err := json.Marshal(result)
	if err != nil {
		return err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return err
	}
	for _, name := range []string{"kl", "elbo", "mutual_information", "mutual_information_standard_error", "active_units", "variables", "collapsed", "kl_by_unit"} {
		delete(fields, name)
	}
	return a.printJSON(fields)
}

func (o judgedVAE) print(a *app) {
	if o.point {
		table(a.out, []string{"log p(x|z)", fmt.Sprintf("%.2f", o.Reconstruction)})
		fmt.Fprintln(a.out, "an auto-encoder: it says nothing of how z is distributed, and so nothing of how likely x is")
		return
	}
	table(a.out,
		[]string{"log p(x|z)", fmt.Sprintf("%.2f", o.Reconstruction)},
		[]string{"KL(q ‖ p)", fmt.Sprintf("%.2f", o.KL)},
		[]string{"ELBO", fmt.Sprintf("%.2f", o.ELBO)},
		[]string{"I_q(x; z)", fmt.Sprintf("%.2f", o.Information)},
		[]string{"active units", o.active()},
	)
	if why := cmp.Or(o.collapse(), o.information()); why != "" {
		fmt.Fprintln(a.out, why)
	}
}

// information says of the mutual information what the examples are too few for; "" of enough.
func (o judgedVAE) information() string {
	const near = 0.5
	switch {
	case o.most == 0:
		return "one example cannot tell the mutual information"
	case o.Information > o.most-near:
		return fmt.Sprintf("too few examples to tell a mutual information of more than log %s = %.2f", thousands(int(math.Round(math.Exp(o.most)))), o.most)
	case o.Information > 0 && o.Information < 2*o.InformationSE:
		return "too few examples to tell the mutual information from 0"
	}
	return ""
}

func (o judgedVAE) active() string {
	var s []string
	for _, l := range o.layers {
		s = append(s, fmt.Sprintf("%d of %d", l[0], l[1]))
	}
	return strings.Join(s, ", ")
}

// alike says whether several pictures are all the same.
func alike(m *data.Images) bool {
	first, x := make([]float32, m.Size()), make([]float32, m.Size())
	for i := range m.Len() {
		if m.Read(x, i); i == 0 {
			copy(first, x)
		} else if !slices.Equal(x, first) {
			return false
		}
	}
	return m.Len() > 1
}

// collapse says of a model that it has collapsed, with what to try; nothing of others.
func (o judgedVAE) collapse() string {
	if o.point || len(o.Collapsed) < o.Variables || math.IsNaN(o.KL) {
		return ""
	}
	if o.alike {
		return "the pictures are all the same: z has nothing to say of one, and there is no collapse to mend; bring pictures that differ"
	}
	return "collapsed: " + numbered(o.Collapsed) + " say nothing of x (q(z|x) is the prior), and the decoder writes the same whatever z is; try --anneal linear, --free-bits 0.1, --aggressive, a --beta of 1 or less, or a lower --lr"
}

// partly names the units of which the model makes no use, if it does of others.
func (o judgedVAE) partly() string {
	if len(o.Collapsed) == 0 || o.ActiveUnits == 0 {
		return ""
	}
	verb := "say"
	if len(o.Collapsed) == 1 {
		verb = "says"
	}
	return fmt.Sprintf("%s %s nothing of x: what is left describes it; more would be used with --free-bits 0.1 or --anneal linear, and without them the model would be as good with a --latent of fewer", numbered(o.Collapsed), verb)
}

// numbered is a list of units in words, with runs of them shortened.
func numbered(units []int) string {
	var s []string
	for i := 0; i < len(units); {
		k := i
		for k+1 < len(units) && units[k+1] == units[k]+1 {
			k++
		}
		switch {
		case k == i:
			s = append(s, fmt.Sprint(units[i]))
		default:
			s = append(s, fmt.Sprintf("%d–%d", units[i], units[k]))
		}
		i = k + 1
	}
	if len(units) == 1 {
		return "unit " + s[0]
	}
	return "units " + strings.Join(s, ", ")
}

// card is the README.md of a run of a VAE.
func (s *vaeSitting) card(o trainedVAE) []byte {
	var b strings.Builder
	c, m := s.cfg, s.cfg.Model
	fmt.Fprintf(&b, "# %s of pictures of %d × %d\n\n", vaeCardKind(m.Point), m.Height, m.Width)
	fmt.Fprintf(&b, "%s, trained with Inkling %s.\n\n", m.Describe(), c.MadeWith.Version)
	b.WriteString("## Use\n\n    inkling sample DIR -n 64 --out samples.png\n    inkling eval DIR PICTURES --bound ais\n\n## Data\n\n")
	fmt.Fprintf(&b, "- %s pictures, and %s held out, of files of %s, SHA-256 %s; binarized: %s\n\n## Settings\n\n", thousands(c.Data.Pictures), thousands(c.Data.Held), sizeOf(c.Data.Bytes), c.Data.SHA256, c.Binarize)
	b.WriteString(vaeCardSettings(c.Objective, c.Train, c.MadeWith))
	b.WriteString(o.card("pictures"))
	return []byte(b.String())
}
