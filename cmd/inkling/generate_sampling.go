package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"inkling/data"
	"inkling/decode"
)

// samplingFlags are options of the decoder that draws. A flag that is nil was not given: the decoder's own choice.
type samplingFlags struct {
	Temp             *float64 `help:"Below 1 prefers likely tokens more, above 1 less." aliases:"temperature" placeholder:"1" group:"Sampling"`
	TopK             *int     `help:"Only the K likeliest tokens." placeholder:"K" group:"Sampling"`
	TopP             *float64 `help:"Only the likeliest that make up probability P." placeholder:"P" group:"Sampling"`
	MinP             *float64 `help:"Only those at least P times as likely as the likeliest." placeholder:"P" group:"Sampling"`
	Typical          *float64 `help:"Only those whose surprise is nearest to the expected one, that make up probability P." placeholder:"P" group:"Sampling"`
	Mirostat         *float64 `help:"Cut off what surprises too much, so that the text has so many bits of surprise a token; in place of top-k, top-p, min-p and typical." placeholder:"BITS" group:"Sampling"`
	MirostatRate     *float64 `help:"How much of an error mirostat corrects with each token." placeholder:"0.1" group:"Sampling"`
	RepeatPenalty    *float64 `help:"Above 1 makes tokens that were there lately less likely." placeholder:"X" group:"Sampling"`
	RepeatLast       *int     `help:"How many tokens back that looks." placeholder:"64" group:"Sampling"`
	FrequencyPenalty *float64 `help:"Nats that a token loses for each time that it was written." placeholder:"X" group:"Sampling"`
	PresencePenalty  *float64 `help:"Nats that a token loses if it was written at all." placeholder:"X" group:"Sampling"`
	NoRepeatNgram    *int     `name:"no-repeat-ngram" help:"Never the same N tokens in a row again; the text ends where nothing else is left." placeholder:"N" group:"Sampling"`
	LogitBias        []string `help:"Nats to add to a token's score, -inf to forbid it: the token as text, in which \\n and the like are read, or #ID; may be given several times." sep:"none" placeholder:"TOKEN=NATS" group:"Sampling"`
	Samplers         *string  `help:"The order of the filters: some of ${samplers}. Those whose options are not given do nothing." placeholder:"NAME;…" group:"Sampling"`
}

// given lists the flags that were given.
func (s *samplingFlags) given() (list []flagOf) {
	for _, f := range []struct {
		name  string
		given bool
	}{
		{"temp", s.Temp != nil},
		{"top-k", s.TopK != nil},
		{"top-p", s.TopP != nil},
		{"min-p", s.MinP != nil},
		{"typical", s.Typical != nil},
		{"mirostat", s.Mirostat != nil},
		{"mirostat-rate", s.MirostatRate != nil},
		{"repeat-penalty", s.RepeatPenalty != nil},
		{"repeat-last", s.RepeatLast != nil},
		{"frequency-penalty", s.FrequencyPenalty != nil},
		{"presence-penalty", s.PresencePenalty != nil},
		{"no-repeat-ngram", s.NoRepeatNgram != nil},
		{"logit-bias", len(s.LogitBias) > 0},
		{"samplers", s.Samplers != nil},
	} {
		list = append(list, flagOf{f.name, f.given, []string{"sample"}})
	}
	return list
}

// sampler is the decoder that the flags describe, but for the biases. It checks what a zero, which is decode's word for a default, would
// hide.
func (s *samplingFlags) sampler() (d decode.Sample, err error) {
	set(&d.Temperature, s.Temp)
	set(&d.TopK, s.TopK)
	set(&d.TopP, s.TopP)
	set(&d.MinP, s.MinP)
	set(&d.Typical, s.Typical)
	set(&d.Mirostat, s.Mirostat)
	set(&d.MirostatRate, s.MirostatRate)
	set(&d.RepeatPenalty, s.RepeatPenalty)
	set(&d.RepeatLast, s.RepeatLast)
	set(&d.FrequencyPenalty, s.FrequencyPenalty)
	set(&d.PresencePenalty, s.PresencePenalty)
	set(&d.NoRepeatNGram, s.NoRepeatNgram)
	switch {
	case s.Temp != nil && *s.Temp == 0:
		return d, usage("--temp 0: must be above 0; for the likeliest token each time: --decoder greedy")
	case s.TopK != nil && *s.TopK < 1:
		return d, usage("--top-k %d: must be at least 1", *s.TopK)
	case s.TopP != nil && *s.TopP == 0:
		return d, usage("--top-p 0: must be above 0")
	case s.Typical != nil && *s.Typical == 0:
		return d, usage("--typical 0: must be above 0")
	case s.Mirostat != nil && *s.Mirostat == 0:
		return d, usage("--mirostat 0: must be above 0; for the likeliest token each time: --decoder greedy")
	case s.MirostatRate != nil && *s.MirostatRate == 0:
		return d, usage("--mirostat-rate 0: must be above 0")
	case s.RepeatPenalty != nil && *s.RepeatPenalty == 0:
		return d, usage("--repeat-penalty 0: must be above 0")
	case s.RepeatLast != nil && *s.RepeatLast < 1:
		return d, usage("--repeat-last %d: must be at least 1", *s.RepeatLast)
	case s.NoRepeatNgram != nil && *s.NoRepeatNgram < 1:
		return d, usage("--no-repeat-ngram %d: must be at least 1", *s.NoRepeatNgram)
	}
	if s.Samplers != nil {
		for name := range strings.SplitSeq(*s.Samplers, ";") {
			d.Samplers = append(d.Samplers, strings.TrimSpace(name))
		}
	}
	if len(s.LogitBias) > 0 { // the tokens are not known yet, but the order may be wrong
		d.LogitBias = map[int]float64{0: 0}
	}
	if err := d.Check(); err != nil {
		return d, usage("%w", err)
	}
	for _, b := range s.LogitBias {
		if _, _, err := parseBias(b); err != nil {
			return d, err
		}
	}
	return d, nil
}

// parseBias reads TOKEN=NATS; the last = counts, so that it can be a token too.
func parseBias(s string) (token string, nats float64, err error) {
	at := strings.LastIndexByte(s, '=')
	if at < 1 {
		return "", 0, usage("--logit-bias %q: must be a token, = and what to add, as in e=-2 or #17=-inf", s)
	}
	nats, err = strconv.ParseFloat(s[at+1:], 64)
	if err != nil || math.IsNaN(nats) {
		return "", 0, usage("--logit-bias %q: what to add must be a number of nats, or -inf to forbid the token", s)
	}
	return s[:at], nats, nil
}

// biases finds the tokens of a vocabulary that --logit-bias names.
func (s *samplingFlags) biases(vocab *data.Vocab) (map[int]float64, error) {
	biases := map[int]float64{}
	for _, b := range s.LogitBias {
		name, nats, err := parseBias(b)
		if err != nil {
			return nil, err
		}
		token, err := tokenNamed(vocab, name)
		if err != nil {
			return nil, usage("--logit-bias %q: %w", b, err)
		}
		if _, twice := biases[token]; twice {
			return nil, usage("--logit-bias %q: token #%d has a bias already: give one", b, token)
		}
		biases[token] = nats
	}
	return biases, nil
}

// tokenNamed is the token that a text is, or whose number is given as #ID.
func tokenNamed(vocab *data.Vocab, name string) (int, error) {
	if digits, ok := strings.CutPrefix(name, "#"); ok && digits != "" && strings.Trim(digits, "0123456789") == "" {
		id, err := strconv.Atoi(digits)
		if err != nil || id >= vocab.Size() {
			return 0, fmt.Errorf("there are %d tokens, numbered from 0", vocab.Size())
		}
		return id, nil
	}
	text, err := unescape(name)
	if err != nil {
		return 0, fmt.Errorf("must be a text, in which \\n is a line end and \\\\ a backslash")
	}
	ids, report := vocab.EncodeReport(text)
	switch {
	case len(report.Lines()) > 0:
		return 0, fmt.Errorf("the model has no token for %q", text)
	case len(ids) != 1:
		return 0, fmt.Errorf("%q is %d tokens: bias them one by one", text, len(ids))
	}
	return ids[0], nil
}
