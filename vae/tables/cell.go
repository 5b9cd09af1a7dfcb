package tables

import (
	"math"
	"strconv"
	"strings"
)

// longestMissing is the length of the longest cell that isMissing knows.
const longestMissing = 4

// isMissing says whether a cell without white space around it stands for nothing, whatever the column, unless its schema names others.
func isMissing(cell string) bool {
	if len(cell) > longestMissing {
		return false
	}
	switch cell {
	case "", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "none", "n/a", "na", "#N/A", "?":
		return true
	}
	return false
}

// parseNumber reads a decimal number. It is none with a leading zero, as of postal codes, whose zeros are part of them. Infinity is one, which
// whoever asks has to refuse.
func parseNumber(cell string) (float64, bool) {
	if cell == "" {
		return 0, false
	}
	for i := range len(cell) {
		c := cell[i]
		if c < '0' && c != '-' && c != '+' && c != '.' || c > '9' && c|0x20 != 'e' {
			return infinity(cell)
		}
	}
	if digits := strings.TrimLeft(cell, "+-"); len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9' {
		return 0, false
	}
	v, err := strconv.ParseFloat(cell, 64)
	if err != nil {
		return v, math.IsInf(v, 0)
	}
	return v, true
}

// infinity is what a cell is that says so.
func infinity(cell string) (float64, bool) {
	if len(cell) > len("-infinity") {
		return 0, false
	}
	switch strings.ToLower(cell) {
	case "inf", "+inf", "infinity", "+infinity":
		return math.Inf(1), true
	case "-inf", "-infinity":
		return math.Inf(-1), true
	}
	return 0, false
}

// decimals is how many digits a number has after the point; mostDecimals+1 of one with an exponent or more of them.
func decimals(cell string) int {
	point := -1
	for i := range len(cell) {
		switch cell[i] {
		case '.':
			point = i
		case 'e', 'E':
			return mostDecimals + 1
		}
	}
	if point < 0 {
		return 0
	}
	return min(len(cell)-point-1, mostDecimals+1)
}

// mostDecimals is how many digits after the point are told apart at most.
const mostDecimals = 9
