package constrain

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// A reading is a stack in the making.
type reading struct {
	up, low int32
	stack   []int32 // the state of the class on top, and places
}

func (a reading) compare(b reading) int {
	return cmp.Or(cmp.Compare(a.up, b.up), cmp.Compare(a.low, b.low))
}

// cost fills in what a stack costs.
func (p *pushdown) cost(stack []int32) reading {
	r := reading{stack: stack}
	for i, at := range stack[1:] {
		if i == len(stack)-2 && stack[0] > 0 { // within a character
			r.up += p.upMid[p.code[at]][stack[0]]
			at++
		}
		r.up, r.low = min(never, r.up+p.up[at]), min(never, r.low+p.low[at])
	}
	return r
}

// readings goes down from stacks to the next characters: the cheapest first, since what a rule costs is what its cheapest alternative does, so
// that of more than mostReadings those soonest at an end are found first. What cannot be brought to an end, or only too deep, is left out.
func (p *pushdown) readings(stacks ...[]int32) []reading {
	var open []reading
	known := map[string]bool{}
	add := func(stack []int32) {
		r := p.cost(stack)
		key := pack(stack)
		if r.low >= never || known[key] {
			return
		}
		if top := len(stack) - 1; top > 0 && top-1+int(p.deep[stack[top]]) > mostDepth {
			return
		}
		known[key] = true
		at, _ := slices.BinarySearchFunc(open, r, func(a, b reading) int {
			if a.compare(b) >= 0 {
				return -1
			}
			return 1
		})
		open = slices.Insert(open, at, r) // the cheapest last, and of equals the one that came last, so that it goes down before it goes on
	}
	for _, s := range stacks {
		add(s)
	}
	var list []reading
	for len(open) > 0 && len(list) < mostReadings {
		r := open[len(open)-1]
		open = open[:len(open)-1]
		top := len(r.stack) - 1
		if top == 0 || r.stack[0] > 0 {
			list = append(list, r)
			continue
		}
		at := r.stack[top]
		switch s := p.code[at]; {
		case s == stop:
			add(r.stack[:top])
		case s >= 0:
			list = append(list, r)
		default:
			below := r.stack[:top]
			if p.code[at+1] != stop {
				below = append(slices.Clone(below), at+1)
			}
			for _, start := range p.starts[-1-s] {
				add(append(slices.Clip(below), start))
			}
		}
	}
	return list
}

// pack is a stack as a string, which can be compared.
func pack(stack []int32) string {
	b := make([]byte, 0, 4*len(stack))
	for _, x := range stack {
		b = binary.LittleEndian.AppendUint32(b, uint32(x))
	}
	return string(b)
}

func unpack(s string) []int32 {
	stack := make([]int32, len(s)/4)
	for i := range stack {
		stack[i] = int32(binary.LittleEndian.Uint32([]byte(s[4*i : 4*i+4])))
	}
	return stack
}
