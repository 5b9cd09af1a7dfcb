package decode

// A Constraint is an automaton over tokens: it says what may follow what was written, and where it may end. The prefix is not its business.
// States are comparable values; its methods may be called from several goroutines at once.
type Constraint interface {
	Start() any
	// Next is the state after one more token, and whether the token may follow at all.
	Next(s any, token int) (next any, ok bool)
	// Allow clears allowed[w] for each token w that may not follow; allowed is VocabSize long.
	Allow(allowed []bool, s any)
	// Accepts says whether a sequence may be complete here.
	Accepts(s any) bool
	// Least is the fewest tokens after which a sequence can be complete; 0 where it can be now, −1 where it never can.
	Least(s any) int
}
