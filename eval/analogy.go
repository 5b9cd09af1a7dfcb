package eval

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A Question is an analogy: A is to B as C is to D.
type Question struct {
	Group      string
	A, B, C, D string
}

// ReadQuestions reads questions as questions-words.txt of word2vec has them: four words on a line, and above each group a
// colon and its name. The error names the line.
func ReadQuestions(r io.Reader) ([]Question, error) {
	var questions []Question
	group := ""
	err := eachLine(r, func(n int, line string) error {
		if name, ok := strings.CutPrefix(line, ":"); ok {
			group = strings.TrimSpace(name)
			return nil
		}
		f := strings.Fields(line)
		if len(f) != 4 {
			return fmt.Errorf("line %d: %.60q is not four words", n, line)
		}
		questions = append(questions, Question{group, f[0], f[1], f[2], f[3]})
		return nil
	})
	if err == nil && len(questions) == 0 {
		err = errors.New("no questions: there must be four words on each line")
	}
	return questions, err
}

// IsQuestions says whether a list is one of questions: a line begins with a colon, or lines are of four words with no number
// anywhere, which a list of pairs would have.
func IsQuestions(r io.Reader) bool {
	colon, four, numbers := false, false, false
	err := eachLine(r, func(_ int, line string) error {
		colon = colon || strings.HasPrefix(line, ":")
		four = four || len(strings.Fields(line)) == 4
		numbers = numbers || slices.ContainsFunc(columns(line), func(s string) bool {
			_, ok := number(s)
			return ok
		})
		return nil
	})
	return err == nil && (colon || four && !numbers)
}

// Analogies says how many questions of a group, or of all, vectors answer: the best of all words but the three of the
// question must be the fourth.
type Analogies struct {
	Group       string   `json:"group,omitempty"`
	Accuracy    *float64 `json:"accuracy"`     // share of the questions that are answered by 3CosAdd; nil of none
	AccuracyMul *float64 `json:"accuracy_mul"` // by 3CosMul
	Questions   int      `json:"questions"`    // whose four words all have vectors
	Correct     int      `json:"correct"`
	CorrectMul  int      `json:"correct_mul"`
	OutOfVocab  int      `json:"out_of_vocabulary"` // questions that are left out, since a word has no vector
}

// WordSpace is what questions are asked of.
type WordSpace interface {
	Find(word string) (int, bool)
	// Answers are the best words d of "a is to b as c is to d" by 3CosAdd and by 3CosMul, of all but the three; −1 if there is
	// no other.
	Answers(a, b, c int) (add, mul int)
}

// JudgeAnalogies asks all questions, by 3CosAdd (T. Mikolov, W. Yih, G. Zweig 2013) and 3CosMul (O. Levy, Y. Goldberg
// 2014). It gives the groups in the order in which they come, and the sum.
func JudgeAnalogies(questions []Question, space WordSpace) (groups []Analogies, total Analogies) {
	at := map[string]int{}
	for _, q := range questions {
		i, ok := at[q.Group]
		if !ok {
			i = len(groups)
			at[q.Group] = i
			groups = append(groups, Analogies{Group: q.Group})
		}
		groups[i].ask(q, space)
	}
	for i := range groups {
		g := &groups[i]
		total.Questions, total.OutOfVocab = total.Questions+g.Questions, total.OutOfVocab+g.OutOfVocab
		total.Correct, total.CorrectMul = total.Correct+g.Correct, total.CorrectMul+g.CorrectMul
		g.share()
	}
	total.share()
	return groups, total
}

func (g *Analogies) share() {
	if g.Questions > 0 {
		add, mul := float64(g.Correct)/float64(g.Questions), float64(g.CorrectMul)/float64(g.Questions)
		g.Accuracy, g.AccuracyMul = &add, &mul
	}
}

func (g *Analogies) ask(q Question, space WordSpace) {
	var n [4]int
	for i, word := range []string{q.A, q.B, q.C, q.D} {
		var ok bool
		if n[i], ok = space.Find(word); !ok {
			g.OutOfVocab++
			return
		}
	}
	g.Questions++
	add, mul := space.Answers(n[0], n[1], n[2])
	if add == n[3] {
		g.Correct++
	}
	if mul == n[3] {
		g.CorrectMul++
	}
}
