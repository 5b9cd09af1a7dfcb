package decode

// A Constraint is an automaton over tokens: it says what may follow what was written, and where it may end. The prefix is not its business.
// States are comparable values; its methods may be called from several goroutines at once.
//
// A text that satisfies the constraint goes on as long as it can: it is complete where nothing can follow within Request.Length, and where
// what ends every text ends it, a token of Request.Ends or a stop string. So a model that has no such token ends a sentence with its
// full stop if that is all that the constraint leaves it.
type Constraint interface {
	Start() any
	// Next is the state after one more token, and whether the token may follow at all.
	Next(s any, token int) (next any, ok bool)
	// Allow clears allowed[w] for each token w that may not follow, or after which no sequence can satisfy the constraint with at most left
	// tokens more; allowed is VocabSize long.
	Allow(allowed []bool, s any, left int)
	// Accepts says whether a sequence may be complete here.
	Accepts(s any) bool
	// More says whether a sequence may be complete, or again, after at least one token more and at most left.
	More(s any, left int) bool
}

// within says whether a sequence may be complete with at most left tokens more. If so and it is not yet, some token leads to a state of
// which the same is true, so that who looks at it before each token never walks into what cannot be completed.
func within(c Constraint, s any, left int) bool { return c.Accepts(s) || c.More(s, left) }

// full says whether a sequence is complete because nothing can follow it with so many tokens left. If that is true of some number it is of all
// that are smaller.
func full(c Constraint, s any, left int) bool { return c.Accepts(s) && !c.More(s, left) }
