package tensor

// lent are things of one type that a tape lends until Reset and lends again after it: the first to who asks first, so
// that steps that are alike find what they had, grown to its size.
type lent[T any] struct {
	all  []*T
	used int
}

func (l *lent[T]) next() *T {
	if l.used == len(l.all) {
		l.all = append(l.all, new(T))
	}
	l.used++
	return l.all[l.used-1]
}
