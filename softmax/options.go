package softmax

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Options of all kinds; a zero value means the kind's default, given here. Their JSON names are those of flags, but for
// the hyphens. A Kind says which it has, and the others are refused.
type Options struct {
	Cutoffs  []int   `json:"cutoffs,omitempty"`   // of adaptive: how many of the most frequent words are in the head, and where each tail but the last ends; chosen by what products cost on this machine
	DivValue float64 `json:"div_value,omitempty"` // of adaptive: each tail's hidden vectors are so many times smaller than those before; 4, and 1 of a shared embedding
	HeadBias bool    `json:"head_bias,omitempty"` // of adaptive: the head has a bias; with a shared embedding all words have one

	Classes int    `json:"classes,omitempty"` // of classes: how many; about √V
	Binning string `json:"binning,omitempty"` // of classes: share the "count" of the words out evenly, or its square root: "sqrt", the default

	Samples int     `json:"samples,omitempty"` // of nce, sampled and negative: words drawn for a step's shard, 512; of ove: words, of whole blocks, that are drawn, or all, the default
	Noise   string  `json:"noise,omitempty"`   // what they are drawn from: "unigram", the words' frequencies to some power, or "loguniform", about 1/rank, the default of sampled
	Power   float64 `json:"power,omitempty"`   // of unigram noise; 1, and ¾ of negative
	LogZ    float64 `json:"log_z,omitempty"`   // of nce: what the log of the sum of all e^score is taken for; 0

	Block int `json:"block,omitempty"` // of ove: words in a block that a target is compared with at once; 1
}

// Given are the names, as flags have them, of the options that are not zero.
func (o Options) Given() (names []string) {
	v := reflect.ValueOf(o)
	for i := range v.NumField() {
		if !v.Field(i).IsZero() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			names = append(names, strings.ReplaceAll(name, "_", "-"))
		}
	}
	return names
}

// Settle completes the options of a kind for a vocabulary: what was left open is chosen, by measuring this machine where
// that is how it is chosen, so that a model made of settled options is the same everywhere. It refuses what the kind does
// not have. spec.Tied and spec.Rand are not looked at.
func Settle(kind string, spec Spec, tied bool) (Options, error) {
	k, err := kindNamed(kind)
	if err != nil {
		return Options{}, err
	}
	if spec.Dim < 1 || len(spec.Counts) < 1 {
		return Options{}, fmt.Errorf("output layer %q for a vocabulary of %d and hidden size %d: both must be at least 1", kind, len(spec.Counts), spec.Dim)
	}
	if tied && !k.Ties {
		return Options{}, fmt.Errorf("output layer %s has no weight for each word that an embedding could be shared with: leave tying out, or choose one of %s", kind, strings.Join(tying(), ", "))
	}
	for _, name := range spec.Options.Given() {
		if !slices.Contains(k.Options, name) {
			return Options{}, fmt.Errorf("output layer %s has no %s: leave it out", kind, name)
		}
	}
	if k.settle == nil {
		return spec.Options, nil
	}
	return k.settle(spec, tied)
}

// Describe says in words what settled options come to, and "" where they say it themselves.
func Describe(kind string, spec Spec, tied bool) string {
	k, err := kindNamed(kind)
	if err != nil || k.describe == nil {
		return ""
	}
	return k.describe(spec, tied)
}

// Why says in words by what Settle chooses what is open in options of a kind; "" where that is the same everywhere.
func Why(kind string, open Options) string {
	k, err := kindNamed(kind)
	if err != nil || k.why == nil {
		return ""
	}
	return k.why(open)
}

// tying are the kinds that can share an embedding.
func tying() (names []string) {
	for _, k := range Kinds() {
		if k.Ties {
			names = append(names, k.Name)
		}
	}
	return names
}
