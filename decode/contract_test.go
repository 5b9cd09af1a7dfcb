package decode

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// pieces of the tokens in tests: several bytes, single ones, and parts of characters.
var pieces = []string{"a", "b", "ab", "c\n", "é", "\xE4", "\xB8\x96", "\xFF", "aa"}

func piece(_, token int) string { return pieces[token] }

func spell(tokens []int) string {
	var b strings.Builder
	for _, token := range tokens {
		b.WriteString(piece(-1, token))
	}
	return b.String()
}

// several is how many hypotheses a decoder is asked for in the contract.
func several(k Kind) int {
	if k.Name == "greedy" {
		return 1
	}
	return 5
}

// searches says whether a decoder looks for the best sequence and says what it proved.
func searches(k Kind) bool { return k.Name != "greedy" && k.Name != "sample" }

// fewNodes is a budget that lets searches end soon; a beam of 4 needs less for 30 tokens.
const fewNodes = 200

// alike compares but for what searches say of their way.
func alike(a, b []Hypothesis) bool { return reflect.DeepEqual(without(a), without(b)) }

// TestContract holds every decoder to what all of them promise.
func TestContract(t *testing.T) {
	for _, kind := range Kinds() {
		t.Run(kind.Name, func(t *testing.T) {
			if kind.Doc == "" {
				t.Error("no documentation")
			}
			t.Run("hypotheses", func(t *testing.T) { hypotheses(t, kind) })
			t.Run("text", func(t *testing.T) { stopsAndStream(t, kind) })
			t.Run("batch", func(t *testing.T) { batchIsTheSame(t, kind) })
			t.Run("cancelled", func(t *testing.T) { cancelled(t, kind) })
			t.Run("bad model", func(t *testing.T) { badModel(t, kind) })
			t.Run("bad request", func(t *testing.T) { badRequest(t, kind) })
		})
	}
}

func hypotheses(t *testing.T, kind Kind) {
	for seed := range uint64(20) {
		m := newMarkov(len(pieces), 1, seed)
		for _, prefix := range [][]int{nil, {3}, {1, 2, 3, 4}} {
			for _, length := range []int{1, 2, 17} {
				req := Request{Prefix: slices.Clone(prefix), Length: length, N: several(kind), Seed: seed, LogProbs: seed%2 == 0, Nodes: fewNodes}
				hyps, err := kind.Default.Decode(context.Background(), m, req)
				if err != nil {
					t.Fatal(err)
				}
				if len(hyps) != req.N && !searches(kind) || len(hyps) == 0 || !slices.Equal(req.Prefix, prefix) {
					t.Fatalf("%d hypotheses of %d, the prefix now %v", len(hyps), req.N, req.Prefix)
				}
				for _, h := range hyps {
					each, sum := m.logProb(prefix, h.Tokens)
					if cut := h.FinishReason == FinishNodes && searches(kind) && kind.Name != "beam"; !cut && (len(h.Tokens) != length || h.FinishReason != FinishLength) || h.Text != "" {
						t.Fatalf("length %d: %+v", length, h)
					}
					if math.Abs(h.LogProb-sum) > 1e-9 || math.IsInf(sum, 0) {
						t.Fatalf("log-probability %g, by the model %g", h.LogProb, sum)
					}
					if searches(kind) != (h.Certificate != nil) {
						t.Fatalf("certificate %+v", h.Certificate)
					}
					if req.LogProbs != (h.LogProbs != nil) || req.LogProbs && !slices.Equal(h.LogProbs, each) {
						t.Fatalf("log-probabilities %v, by the model %v", h.LogProbs, each)
					}
				}
				again, _ := kind.Default.Decode(context.Background(), m, req)
				if !reflect.DeepEqual(hyps, again) {
					t.Fatal("the same request twice, two answers")
				}
				if req.N == 1 {
					continue
				}
				if c := hyps[0].Certificate; c != nil && kind.Name != "beam" && !c.Exact {
					continue // cut off, the search depends on how many it looked for
				}
				req.N = 0 // means 1
				if one, err := kind.Default.Decode(context.Background(), m, req); err != nil || len(one) != 1 || !alike(one, hyps[:1]) {
					t.Fatalf("alone %+v (%v), first of several %+v", one, err, hyps[0])
				}
			}
		}
	}
}

// stopsAndStream compares with a search for the stop strings in the whole text.
func stopsAndStream(t *testing.T, kind Kind) {
	reasons := map[string]int{}
	for seed := range uint64(150) {
		m := newMarkov(len(pieces), 1, seed)
		for _, stop := range [][]string{nil, {"\n"}, {"aab"}, {"abab", "aaa"}, {"ab", "b"}, {"世"}, {"é", "\n"}, {"c\na", "\nab", "abc"}, {"\xB8"}, {"never there"}} {
			var streams [8][]string
			req := Request{Length: 30, N: several(kind), Seed: seed, Nodes: fewNodes, Piece: piece, Stop: stop, Prefix: []int{0, 0}, Stream: func(sample int, piece string) {
				streams[sample] = append(streams[sample], piece)
			}}
			hyps, err := kind.Default.Decode(context.Background(), m, req)
			if err != nil {
				t.Fatal(err)
			}
			for i, h := range hyps {
				want, tokens, reason := cutAtStop(h.Tokens, stop)
				if reason == "" {
					reason = FinishLength
				}
				reasons[h.FinishReason]++
				if h.FinishReason == FinishNodes && kind.Name != "beam" && searches(kind) {
					reason = FinishNodes
				}
				if h.Text != want || len(h.Tokens) != tokens || h.FinishReason != reason || reason == FinishLength && tokens != 30 {
					t.Fatalf("stop %q: text %q of %d tokens %q, want %q of %d, %s", stop, h.Text, len(h.Tokens), h.FinishReason, want, tokens, reason)
				}
				if got := strings.Join(streams[i], ""); got != h.Text {
					t.Fatalf("stop %q: streamed %q, text %q", stop, streams[i], h.Text)
				}
				at := 0
				for j, s := range streams[i] {
					at += len(s)
					if s == "" {
						t.Fatal("an empty piece in the stream")
					}
					if j < len(streams[i])-1 && cutsCharacter(h.Text, at) {
						t.Fatalf("the stream cuts a character: %q", streams[i])
					}
				}
			}
		}
	}
	if reasons[FinishStop] < 100 || reasons[FinishLength] < 100 {
		t.Errorf("too few of a kind to mean anything: %v", reasons)
	}
}

// cutAtStop finds byte by byte where the first stop string is complete, and how many tokens that took.
func cutAtStop(tokens []int, stops []string) (text string, used int, reason string) {
	all := spell(tokens)
	for end := 1; end <= len(all); end++ {
		cut := -1
		for _, s := range stops {
			if strings.HasSuffix(all[:end], s) && (cut < 0 || end-len(s) < cut) {
				cut = end - len(s)
			}
		}
		if cut < 0 {
			continue
		}
		for n := 0; n < end; used++ {
			n += len(piece(-1, tokens[used]))
		}
		return all[:cut], used, FinishStop
	}
	return all, len(tokens), ""
}

// cutsCharacter says whether the byte at this place belongs to the character before it.
func cutsCharacter(s string, at int) bool {
	for start := max(0, at-3); start < at; start++ {
		if r, size := utf8.DecodeRuneInString(s[start:]); r != utf8.RuneError && start+size > at {
			return true
		}
	}
	return false
}

func batchIsTheSame(t *testing.T, kind Kind) {
	n := several(kind)
	if n > 1 {
		n = 2*maxLanes + 3
	}
	for seed := range uint64(5) {
		m := newMarkov(len(pieces), 1, seed)
		b := &batched{markov: m}
		req := Request{Length: 20, N: n, Seed: seed, Nodes: fewNodes, Piece: piece, Stop: []string{"\n", "é"}, Prefix: []int{1}}
		want, err := kind.Default.Decode(context.Background(), m, req)
		if err != nil {
			t.Fatal(err)
		}
		got, err := kind.Default.Decode(context.Background(), b, req)
		if err != nil || !alike(got, want) {
			t.Fatalf("with a batch %+v, without %+v: %v", got, want, err)
		}
		if searches(kind) {
			if b.batches == 0 && kind.Name != "bestfirst" {
				t.Error("no batches")
			}
		} else if n > 1 && (b.batches == 0 || b.largest != maxLanes) {
			t.Errorf("%d batches, the largest of %d", b.batches, b.largest)
		}
	}
}

func cancelled(t *testing.T, kind Kind) {
	for _, after := range []int64{0, 1, 2, 10} {
		m := newMarkov(len(pieces), 1, 1)
		ctx, cancel := context.WithCancel(context.Background())
		if after == 0 {
			cancel()
		}
		n := several(kind)
		m.spoil = func(call int64, _ []float32) {
			if call == after*int64(n) {
				cancel()
			}
		}
		streamed := make([]string, n)
		req := Request{Length: 1000, N: n, Piece: piece, Prefix: []int{0}, Stop: []string{strings.Repeat("a", 1000)}, Stream: func(i int, s string) { streamed[i] += s }}
		hyps, err := kind.Default.Decode(ctx, m, req)
		if err != nil || len(hyps) != n && !searches(kind) || len(hyps) == 0 {
			t.Fatalf("%d hypotheses: %v", len(hyps), err)
		}
		for i, h := range hyps {
			_, sum := m.logProb(req.Prefix, h.Tokens)
			if h.FinishReason != FinishCancelled || len(h.Tokens) != int(after) && !searches(kind) || len(h.Tokens) > n*int(after) || h.Text != spell(h.Tokens) || streamed[i] != h.Text || math.Abs(sum-h.LogProb) > 1e-9 {
				t.Fatalf("cancelled after %d: %+v, streamed %q", after, h, streamed[i])
			}
		}
		cancel()
	}
}

func badModel(t *testing.T, kind Kind) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range []struct {
		name string
		bad  func(dst []float32)
		want string
	}{
		{"NaN first", func(dst []float32) { dst[0] = nan }, "token 0 the log-probability NaN"},
		{"NaN last", func(dst []float32) { dst[len(dst)-1] = nan }, "the log-probability NaN"},
		{"infinite", func(dst []float32) { dst[2] = inf }, "token 2 the log-probability +Inf"},
		{"nothing possible", func(dst []float32) {
			for i := range dst {
				dst[i] = -inf
			}
		}, "probability 0"},
	} {
		for _, at := range []int64{1, 7} {
			m := newMarkov(len(pieces), 1, 3)
			m.spoil = func(call int64, dst []float32) {
				if call >= at {
					c.bad(dst)
				}
			}
			after := fmt.Sprintf("after %d tokens", at-1)
			if searches(kind) && at > 1 {
				after = "tokens: its weights are damaged"
			}
			hyps, err := kind.Default.Decode(context.Background(), m, Request{Length: 50})
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), after) {
				t.Errorf("%s at call %d: %v, %v", c.name, at, hyps, err)
			}
		}
	}
}

func badRequest(t *testing.T, kind Kind) {
	m := newMarkov(len(pieces), 1, 3)
	for _, c := range []struct {
		req  Request
		want string
	}{
		{Request{}, "at least 1"},
		{Request{Length: -3}, "at least 1"},
		{Request{Length: 5, N: -1}, "-1 samples"},
		{Request{Length: 5, Nodes: -1}, "-1 nodes"},
		{Request{Length: 5, Piece: piece, Stop: []string{"a", ""}}, "empty stop string"},
		{Request{Length: 5, Prefix: []int{1, len(pieces)}}, fmt.Sprintf("token %d in the prompt", len(pieces))},
		{Request{Length: 5, Prefix: []int{-1}}, "token -1"},
	} {
		if _, err := kind.Default.Decode(context.Background(), m, c.req); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c.req, err)
		}
	}
	for _, req := range []Request{{Length: 5, Stop: []string{"a"}}, {Length: 5, Stream: func(int, string) {}}} {
		func() {
			defer func() {
				if s, _ := recover().(string); !strings.HasPrefix(s, "decode: ") {
					t.Errorf("no Piece: panic %q", s)
				}
			}()
			_, _ = kind.Default.Decode(context.Background(), m, req)
		}()
	}
}
