package main

import "strings"

// works cuts the collected text where the running title changes: a line of a tab and capitals that
// heads every scene of a work. What stands before the first title belongs to the first work.
func works(text string) []string {
	times := map[string]int{}
	for line := range strings.Lines(text) {
		if title := runningTitle(line); title != "" {
			times[title]++
		}
	}
	var cuts []int
	current, at := "", 0
	for line := range strings.Lines(text) {
		if title := runningTitle(line); title != "" && times[title] >= 4 && title != current && !seen(cuts, text, title) {
			current = title
			cuts = append(cuts, at)
		}
		at += len(line)
	}
	if len(cuts) == 0 {
		return []string{text}
	}
	cuts[0] = 0
	var parts []string
	for i, from := range cuts {
		to := len(text)
		if i+1 < len(cuts) {
			to = cuts[i+1]
		}
		parts = append(parts, text[from:to])
	}
	return parts
}

// runningTitle is the line without its tab if it could be the title of a work.
func runningTitle(line string) string {
	title, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), "\t")
	if !ok || title == "" || title != strings.ToUpper(title) || strings.HasPrefix(title, "ACT") || strings.HasPrefix(title, "DRAMATIS") ||
		strings.ContainsAny(title, "\t|[]:.") || strings.HasSuffix(title, ",") || title == "PROLOGUE" || title == "EPILOGUE" || title == "INDUCTION" || title == "CHORUS" {
		return ""
	}
	return title
}

// seen reports whether a work that began before has this title.
func seen(cuts []int, text, title string) bool {
	for _, c := range cuts {
		if strings.HasPrefix(text[c:], "\t"+title+"\n") {
			return true
		}
	}
	return false
}

// holdOut splits each work: its last share, cut at the start of a line, is held out.
func holdOut(works []string, share float64) (train, valid string) {
	var a, b strings.Builder
	for _, w := range works {
		cut := int(float64(len(w)) * (1 - share))
		if i := strings.IndexByte(w[cut:], '\n'); i >= 0 {
			cut += i + 1
		}
		a.WriteString(w[:cut])
		b.WriteString(w[cut:])
	}
	return a.String(), b.String()
}
