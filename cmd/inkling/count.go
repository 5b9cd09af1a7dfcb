package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// count is how many of something, which may be many: 1000000, 1,000,000, 1_000_000 or 1e6.
type count int

// UnmarshalText reads one.
func (c *count) UnmarshalText(text []byte) error {
	v, err := strconv.ParseFloat(strings.NewReplacer(",", "", "_", "").Replace(string(text)), 64)
	if err != nil || v != math.Trunc(v) || math.Abs(v) > 1<<53 {
		return fmt.Errorf("%.40q: must be a whole number, as in 1000000 or 1e6", text)
	}
	*c = count(v)
	return nil
}
