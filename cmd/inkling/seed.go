package main

import (
	endian "encoding/binary"
	"hash/fnv"
)

// derived is a seed of its own for part i of what is drawn for some purpose, from the seed that the user knows: another one of each purpose, part
// and seed. It is FNV-1a of the three with the last step of SplitMix64, which spreads what differs over all bits.
func derived(seed uint64, purpose string, i int) uint64 {
	h := fnv.New64a()
	h.Write(endian.LittleEndian.AppendUint64(nil, seed))
	h.Write(endian.LittleEndian.AppendUint64(nil, uint64(i)))
	h.Write([]byte(purpose))
	x := h.Sum64()
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
