package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"

	"inkling/data"
	"inkling/decode"
)

type generateCmd struct {
	Dir string `arg:"" help:"Folder of the model."`

	Prompt    string   `help:"What the model reads first." aliases:"start,primetext" placeholder:"TEXT"`
	MaxTokens int      `help:"The most to write, in tokens." aliases:"length" default:"500"`
	N         int      `name:"n" short:"n" help:"How many texts." default:"1"`
	Stop      []string `help:"End before this text; may be given several times. \\n, \\t and the like are read." sep:"none" placeholder:"TEXT"`
	Seed      *uint64  `help:"Of what is random; another each time unless given."`
	previewFlag
	Decoder string `help:"How tokens are chosen, one after the other or by a search for the likeliest text: ${enum}." enum:"${decoders}" default:"sample"`

	samplingFlags
	searchFlags
	constraintFlags

	items bool // the model writes items, each a line
	begun int  // texts
}

// generated is one text as --json gives it.
type generated struct {
	Text         string  `json:"text"` // without the prompt and the stop string
	Tokens       int     `json:"tokens"`
	LogProb      float64 `json:"logprob"` // nats, of the model itself, whatever the filters; approximate with --output
	FinishReason string  `json:"finish_reason"`
	Decoder      string  `json:"decoder"`

	// Of decoders that search; null of others.
	Score       *float64            `json:"score"`       // what texts are compared by: log-probability, or what a length penalty makes of it
	Certificate *decode.Certificate `json:"certificate"` // what was proved of the first text
}

func (g *generateCmd) Run(a *app) error {
	decoder, req, err := g.request()
	if err != nil {
		return err
	}
	demands, err := g.constraint()
	if err != nil {
		return err
	}
	size, approximate, err := g.size()
	if err != nil {
		return err
	}
	use := forDecoding
	if approximate {
		use = size.use(use, 1)
	}
	loaded, vocab, err := load(a, g.Dir, use, 0)
	if err != nil {
		return err
	}
	var model decode.Model = loaded
	if approximate {
		if model, err = size.of(loaded, g.Dir); err != nil {
			return err
		}
	}
	if s, ok := decoder.(decode.Sample); ok && len(g.LogitBias) > 0 {
		if s.LogitBias, err = g.biases(vocab); err != nil {
			return err
		}
		if err := s.Check(); err != nil {
			return usage("%w", err)
		}
		decoder = s
	}
	if vocab.Kind == "word" {
		g.Prompt = strings.TrimRight(g.Prompt, " ") // the next word brings the space before it
	}
	g.items = beginOf(vocab) >= 0
	ids, report := vocab.EncodeReport(g.Prompt)
	for _, line := range report.Lines() {
		a.note("prompt: %s", line)
	}
	req.Prefix, req.Piece, req.Ends = opening(vocab, ids), vocab.PieceAfter, ends(vocab)
	if demands != nil {
		if req.Constraint, err = demands.over(vocab, req.Prefix); err != nil {
			return err
		}
	}
	screen := onTerminal(a)
	if !a.json {
		req.Stream = func(sample int, piece string) {
			if sample == 0 {
				g.begin(a, 0)
				io.WriteString(screen, piece)
			}
		}
	}
	defer a.orderly()() // with the text that there is
	texts, err := decoder.Decode(a.ctx, model, req)
	if err != nil {
		if g.begun > 0 {
			io.WriteString(a.out, "\n") // what was streamed is a line of its own, and so is the error
		}
		return err
	}
	if err := g.finish(a, decoder, texts); err != nil {
		return err
	}
	return a.ctx.Err()
}

// finish writes what was not streamed: the texts after the first, or all of them as JSON.
func (g *generateCmd) finish(a *app, decoder decode.Decoder, texts []decode.Hypothesis) error {
	if a.json {
		all := make([]generated, len(texts))
		for i, t := range texts {
			all[i] = generated{Text: t.Text, Tokens: len(t.Tokens), LogProb: t.LogProb, FinishReason: t.FinishReason, Decoder: g.Decoder, Certificate: t.Certificate}
			if isSearch(g.Decoder) {
				score := scoreOf(decoder, t)
				all[i].Score = &score
			}
		}
		return a.printJSON(all)
	}
	for i, t := range texts {
		g.begin(a, i)
		if i > 0 {
			io.WriteString(onTerminal(a), t.Text)
		}
		io.WriteString(a.out, "\n")
	}
	for i, t := range texts {
		if t.FinishReason == decode.FinishFiltered {
			a.note("text %d of %d ends after %s: the filters leave no token that may follow", i+1, g.N, plural(len(t.Tokens), "token"))
		}
	}
	if len(texts) < g.N {
		a.note("%s of %d: the search has come to no more", plural(len(texts), "text"), g.N)
	}
	if interrupted := a.ctx.Err() != nil; interrupted && !isSearch(g.Decoder) {
		a.note("interrupted: the text is not complete")
	} else if isSearch(g.Decoder) {
		a.note("%s", proved(texts[0], interrupted))
	}
	return nil
}

// begin writes what stands before a text: which it is, if there are several that may have many lines, and the prompt. It does so once, when there
// is something of the text: the decoder may refuse to write any.
func (g *generateCmd) begin(a *app, i int) {
	if i < g.begun {
		return
	}
	g.begun++
	if g.N > 1 && !g.items {
		if i > 0 {
			io.WriteString(a.out, "\n")
		}
		fmt.Fprintf(a.out, "--- %d of %d\n", i+1, g.N)
	}
	io.WriteString(a.out, g.Prompt)
}

// request is what the flags ask for.
func (g *generateCmd) request() (decode.Decoder, decode.Request, error) {
	req := decode.Request{Length: g.MaxTokens, N: g.N}
	if err := check(bound{"--max-tokens", &g.MaxTokens, 1, unbounded}, bound{"-n", &g.N, 1, mostTexts}); err != nil {
		return nil, req, err
	}
	for _, s := range g.Stop {
		stop, err := unescape(s)
		if err != nil || stop == "" {
			return nil, req, usage("--stop %q: must be a text, in which \\n is a line end and \\\\ a backslash", s)
		}
		req.Stop = append(req.Stop, stop)
	}
	if g.Seed != nil {
		req.Seed = *g.Seed
	} else {
		req.Seed = rand.Uint64()
	}
	flags := append(g.samplingFlags.given(), flagOf{"seed", g.Seed != nil, []string{"sample"}})
	if err := refuse(g.Decoder, append(flags, g.searchFlags.given()...)); err != nil {
		return nil, req, err
	}
	if g.Decoder == "sample" {
		s, err := g.sampler()
		return s, req, err
	}
	if g.Decoder == "greedy" && g.N > 1 {
		return nil, req, usage("-n %d: the greedy decoder has only one text; use --decoder sample, or beam", g.N)
	}
	set(&req.Nodes, g.Nodes)
	d, err := g.searchFlags.decoder(g.Decoder)
	if d != nil || err != nil {
		return d, req, err
	}
	for _, k := range decode.Kinds() {
		if k.Name == g.Decoder {
			d = k.Default
		}
	}
	return d, req, nil
}

// opening is what a model reads first. An item has a beginning of its own. Of running text a model knows only how
// it goes on, not how it begins: without a prompt it reads a line end.
func opening(vocab *data.Vocab, prompt []int) []int {
	if begin := beginOf(vocab); begin >= 0 {
		return append([]int{begin}, prompt...)
	}
	if len(prompt) > 0 {
		return prompt
	}
	if ids, report := vocab.EncodeReport("\n"); len(report.Lines()) == 0 {
		return ids
	}
	return nil
}

// ends are the tokens that end a text: the end of an item, where a model writes items.
func ends(vocab *data.Vocab) []int {
	if vocab.End < 0 {
		return nil
	}
	return []int{vocab.End}
}

// unescape reads \n, \t, \\, \x41, \u00e9 as Go does, and quotes as they are.
func unescape(s string) (string, error) {
	var b strings.Builder
	for len(s) > 0 {
		if s[0] != '\\' {
			b.WriteByte(s[0])
			s = s[1:]
			continue
		}
		r, multibyte, rest, err := strconv.UnquoteChar(s, 0)
		if err != nil {
			return "", err
		}
		if multibyte {
			b.WriteRune(r)
		} else {
			b.WriteByte(byte(r))
		}
		s = rest
	}
	return b.String(), nil
}
