package softmax

import (
	"container/heap"
	"math"
	"slices"
	"sync"

	"inkling/internal/huffman"
	"inkling/internal/kernel"
	"inkling/nn"
	"inkling/tensor"
)

// Morin and Bengio, "Hierarchical probabilistic neural network language model" (2005), with the tree of Mikolov et al.,
// "Distributed representations of words and phrases" (2013): words are the leaves of a binary tree, and the probability
// of one is that of all turns on the path to it,
//
//	p(w|h) = Π_n σ(±(u_n·h + b_n)),  n on the path to w
//
// so that all of them sum to one whatever the weights are. The tree is Huffman's: frequent words have short paths, of at
// most one more than the entropy of the words on average, ten or so in a language. A word costs that many times d
// operations in training, whatever V is.
//
// In training, each node of a path is a dot product and two multiples of vectors. One product for all rows by the nodes
// at the top, which most paths share, was measured and left out: by the 31 nodes of the five topmost levels it took twice
// as long as what it saves.

func init() {
	register(Kind{
		Name: "tree", Doc: "a walk down a Huffman tree of the words: exact, and about log₂ V·d operations a word",
		Exact: true, plan: planTree, make: func(s Spec) (Output, error) { return newTree(s), nil },
	})
}

type tree struct {
	*huffman.Tree
	weight, bias *tensor.Param // of the inner nodes: [V−1, Dim], sparse, and [V−1]
	floats       sync.Pool     // *[]float32
}

func newTree(s Spec) *tree {
	p := frequencies(s.Counts)
	t := &tree{Tree: huffman.New(p, byFrequency(s.Counts))}
	nodes := len(t.Next)
	t.weight = nn.Uniform(tensor.NewParam("out.weight", nodes, s.Dim), 1/math.Sqrt(float64(s.Dim)), s.Rand)
	t.weight.Sparse = true
	t.bias = tensor.NewParam("out.bias", nodes)
	beneath := func(x int32) float64 {
		if x < 0 {
			return p[^x]
		}
		return t.Frequency[x]
	}
	for n, sides := range t.Below[:len(p)-1] { // the turns begin as likely as the words' frequencies have it
		t.bias.Value[n] = float32(math.Log(beneath(sides[1]) / beneath(sides[0])))
	}
	return t
}

func (t *tree) Params() nn.Params { return nn.Params{t.weight, t.bias} }

// score of a node: how much rather to side 1 than to side 0.
func (t *tree) score(node int32, h []float32) float32 {
	return kernel.Dot(t.weight.Row(int(node)), h) + t.bias.Value[node]
}

// sign of a score on a side.
func sign(e huffman.Edge) float32 { return float32(2*e.Side - 1) }

// logSigmoid is log σ(x) = −log(1+e^−x), without overflow.
func logSigmoid(x float32) float64 {
	return min(float64(x), 0) - math.Log1p(math.Exp(-math.Abs(float64(x))))
}

func (t *tree) Loss(tp *tensor.Tape, h *tensor.Tensor, targets Targets) *tensor.Tensor {
	if !tp.Recording() {
		return exactLoss(tp, t, len(t.Above), h, targets)
	}
	nodes := 0
	for j, w := range targets.Word {
		if targets.weight(j) != 0 {
			nodes += t.Length(w)
		}
	}
	slopes, at, totals := tp.Scratch(nodes), 0, make([]float64, targets.parts()) // of the loss, by the score of each node of each path
	for j, w := range targets.Word {
		weight := targets.weight(j)
		if weight == 0 {
			continue
		}
		x := h.Row(targets.Row[j])
		for e := range t.Path(w) {
			s := sign(e) * t.score(e.Node, x)
			totals[targets.part(targets.Row[j])] -= float64(weight) * logSigmoid(s)
			slopes[at] = s
			at++
		}
	}
	at = 0
	kernel.Scale(slopes, -1)
	kernel.Sigmoid(slopes, slopes)
	for j, w := range targets.Word {
		if weight := targets.weight(j); weight != 0 {
			for e := range t.Path(w) { // d(−log σ(s)) = −σ(−s)
				slopes[at] *= -sign(e) * weight
				at++
			}
		}
	}
	loss := column(tp, totals, true)
	tp.Record(func() {
		if loss.HasGrad() {
			t.backward(tp, h, targets, slopes, loss)
		}
	})
	return loss
}

// backward adds to the gradients what the slopes of the nodes of each path say.
func (t *tree) backward(tp *tensor.Tape, h *tensor.Tensor, targets Targets, slopes []float32, loss *tensor.Tensor) {
	var biases []float32
	if tp.Trains(t.bias) {
		biases = tp.ParamGrad(t.bias)
	}
	weights, at := tp.Trains(t.weight), 0
	for j, w := range targets.Word {
		if targets.weight(j) == 0 {
			continue
		}
		x, by := h.Row(targets.Row[j]), loss.GradRow(targets.part(targets.Row[j]))[0]
		for e := range t.Path(w) {
			n, d := int(e.Node), by*slopes[at]
			at++
			if biases != nil {
				biases[n] += d
			}
			if weights {
				kernel.Axpy(tp.RowGrad(t.weight, n), d, x)
			}
			if h.Wanted() {
				kernel.Axpy(h.GradRow(targets.Row[j]), d, t.weight.Row(n))
			}
		}
	}
}

// Scores walks the path of each word.
func (t *tree) Scores(_ *tensor.Tape, dst []float32, h *tensor.Tensor, word []int) {
	for i, w := range word {
		sum := 0.0
		for e := range t.Path(w) {
			sum += logSigmoid(sign(e) * t.score(e.Node, h.Row(i)))
		}
		dst[i] = float32(sum)
	}
}

func (t *tree) LogProbs(dst, h []float32) { t.LogProbsRows(dst, h) }

// LogProbsRows makes the scores of all nodes as one product, and adds up from the root down: nodes come before those
// beneath them.
func (t *tree) LogProbsRows(dst, h []float32) {
	v, nodes, dim := len(t.Above), len(t.Next), t.weight.Cols
	n := len(dst) / v
	memory, _ := t.floats.Get().(*[]float32)
	if memory == nil {
		memory = new([]float32)
	}
	*memory = sized(*memory, (n+2)*nodes)
	scores, small, sums := (*memory)[:n*nodes], (*memory)[n*nodes:][:nodes], (*memory)[(n+1)*nodes:]
	for i := range n {
		copy(scores[i*nodes:(i+1)*nodes], t.bias.Value)
	}
	kernel.MatMul(scores, nodes, h, dim, n, t.weight.Packed(true, kernel.Float32), true)
	for i := range n {
		row, all := scores[i*nodes:(i+1)*nodes], dst[i*v:(i+1)*v]
		if v == 1 {
			all[0] = 0
			continue
		}
		for k, s := range row {
			small[k] = -abs(s)
		}
		kernel.Exp(small, small)
		sums[0] = 0
		for k, s := range row {
			l := float32(math.Log1p(float64(small[k])))
			for side, score := range [2]float32{-s, s} {
				sum := sums[k] + min(score, 0) - l
				if below := t.Below[k][side]; below >= 0 {
					sums[below] = sum
				} else {
					all[^below] = sum
				}
			}
		}
	}
	t.floats.Put(memory)
}

func abs(x float32) float32 { return math.Float32frombits(math.Float32bits(x) &^ (1 << 31)) }

// TopK goes down from whatever node or word is likeliest so far. No word is likelier than a node above it, and so words
// come out in order, and exactly.
func (t *tree) TopK(h []float32, k int) (words []Ranked, certified bool) {
	k = atMost(k, len(t.Above))
	if len(t.Above) == 1 {
		return []Ranked{{0, 0}}[:k], true
	}
	open := &frontier{{0, 0}}
	for len(words) < k {
		at := heap.Pop(open).(branch)
		if at.to < 0 {
			words = append(words, Ranked{int(^at.to), float32(at.logProb)})
			continue
		}
		s := t.score(at.to, h)
		heap.Push(open, branch{t.Below[at.to][0], at.logProb + logSigmoid(-s)})
		heap.Push(open, branch{t.Below[at.to][1], at.logProb + logSigmoid(s)})
	}
	slices.SortFunc(words, before) // what is equal in float32
	return words, true
}

// A branch is a node, or a word w as ^w, and the log-probability of a walk to it.
type branch struct {
	to      int32
	logProb float64
}

// frontier is a heap of the branches not yet gone down, the likeliest first; of equal ones nodes come first, since
// smaller words may be beneath them, and then smaller words.
type frontier []branch

func (f frontier) Len() int { return len(f) }
func (f frontier) Less(i, j int) bool {
	if f[i].logProb != f[j].logProb {
		return f[i].logProb > f[j].logProb
	}
	return f[i].to > f[j].to
}
func (f frontier) Swap(i, j int) { f[i], f[j] = f[j], f[i] }
func (f *frontier) Push(x any)   { *f = append(*f, x.(branch)) }
func (f *frontier) Pop() any {
	last := len(*f) - 1
	x := (*f)[last]
	*f = (*f)[:last]
	return x
}

func planTree(s Spec, _ bool) Plan {
	p := frequencies(s.Counts)
	tree := huffman.New(p, byFrequency(s.Counts))
	path, nodes := tree.Expected(), len(tree.Next)
	walk := max(1, path) * float64(s.Dim)
	return Plan{
		Weights: int64(nodes) * int64(s.Dim+1), Dense: int64(nodes), Whole: [][2]int{{nodes, s.Dim}},
		Training: walk, Exact: walk,
		Forward: func(rows int) int64 { return int64(float64(rows) * path) },
		Bags:    func(_, targets int) int64 { return int64(float64(targets) * path) },
		RowGrads: func(rows int) int64 {
			touched := 0.0
			for _, f := range tree.Frequency {
				touched += 1 - math.Pow(1-min(f, 1), float64(rows))
			}
			return rowGrads(nodes, s.Dim, int(touched), false)
		},
		Scoring: func(int) int64 { return 0 },
	}
}
