package main

import "io"

// A printable keeps what a model wrote from taking over the terminal: a text may hold escape sequences, which
// move the cursor, rename the window or worse. Control characters but line ends and tabs are shown as their
// pictures (ESC as ␛, U+2400 and up), those of U+0080 to U+009F as U+FFFD. A file or a pipe gets what the model
// wrote, byte for byte.
type printable struct {
	w    io.Writer
	held bool // the last byte was 0xC2, which begins U+0080 to U+00BF
}

// onTerminal is w, made safe if it is a screen.
func onTerminal(a *app) io.Writer {
	if terminal(a.out.w) {
		return &printable{w: a.out}
	}
	return a.out
}

func (p *printable) Write(text []byte) (int, error) {
	safe := make([]byte, 0, len(text)+8)
	for _, b := range text {
		switch {
		case p.held && b >= 0x80 && b < 0xA0:
			safe = append(safe, "\uFFFD"...)
			p.held = false
			continue
		case p.held:
			safe = append(safe, 0xC2)
			p.held = false
		}
		switch {
		case b == 0xC2:
			p.held = true
		case b == '\n' || b == '\t' || b >= ' ' && b != 0x7f:
			safe = append(safe, b)
		case b == 0x7f:
			safe = append(safe, "\u2421"...)
		default:
			safe = append(safe, string(rune(0x2400+int(b)))...)
		}
	}
	if _, err := p.w.Write(safe); err != nil {
		return 0, err
	}
	return len(text), nil
}
