package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// aligned prints rows of cells in columns, each aligned left or right as its letter in align, l or r, says. A
// cell stays on its line, whatever a file or a folder's name put into it.
func aligned(w io.Writer, align string, rows ...[]string) {
	width := make([]int, len(align))
	for _, row := range rows {
		for i := range row {
			row[i] = oneLine(row[i])
			width[i] = max(width[i], utf8.RuneCountInString(row[i]))
		}
	}
	for _, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			if i > 0 {
				b.WriteString("   ")
			}
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if align[i] == 'l' {
				b.WriteString(cell + pad)
			} else {
				b.WriteString(pad + cell)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}
