package constrain

import (
	"slices"
	"sync"
)

// A followed is a token and what it leads to.
type followed[S any] struct {
	token int32
	to    S
}

func byToken[S any](list []followed[S]) {
	slices.SortFunc(list, func(a, b followed[S]) int { return int(a.token - b.token) })
}

// follows keeps what may follow states, up to a number of tokens in all; then it begins anew.
type follows[K comparable, S any] struct {
	mu   sync.Mutex
	kept map[K][]followed[S]
	size int
}

// get is what was kept, or else what find finds, in the order of tokens.
func (f *follows[K, S]) get(key K, find func() []followed[S]) []followed[S] {
	f.mu.Lock()
	list, ok := f.kept[key]
	f.mu.Unlock()
	if ok {
		return list
	}
	list = find()
	byToken(list)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.size += len(list) + 1; f.kept == nil || f.size > mostFollow {
		f.kept, f.size = map[K][]followed[S]{}, len(list)+1
	}
	f.kept[key] = list
	return list
}
