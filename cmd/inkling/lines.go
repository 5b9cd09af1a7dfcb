package main

import (
	"bytes"
	"context"
	"io"
	"os"

	"inkling/data"
)

// Lines are read in blocks: many are scored side by side, and an input of any length takes the same memory.
const (
	blockBytes  = 128 << 10 // of whole lines, after which no more is read ahead
	readBytes   = 64 << 10  // at a time
	longestLine = 1_000_000 // bytes; a longer one ends the input
)

// lineBlock is some lines of an input, in order.
type lineBlock struct {
	text  []byte // the lines, each with "\n" behind it, whatever ended it
	ends  []int  // where the "\n" of each stands
	first int    // the number of the first, from 1
	err   error  // what ended the input behind these lines, but its end
}

// openLines opens a file that a user names, which may be packed, or standard input. What is returned need not be closed
// if it is the latter, of which a reader may not be done.
func openLines(path string) (lines io.ReadCloser, name string, err error) {
	if path == "-" {
		return io.NopCloser(os.Stdin), "standard input", nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, path, data.InWords(path, err)
	}
	if info, err := file.Stat(); err == nil && info.IsDir() {
		file.Close()
		return nil, path, badInput("%s is a folder: name a file in it", path)
	}
	unpacked, err := data.Unpack(file)
	if err != nil {
		file.Close()
		return nil, path, data.InWords(path, err)
	}
	return struct {
		io.Reader
		io.Closer
	}{unpacked, file}, path, nil
}

// readLines cuts an input into blocks, until it or ctx ends. What has been read goes out as soon as somebody is there
// to take it: so a line of a slow input does not wait for others, and while a block is being scored the next one grows,
// up to blockBytes, and is worth its while.
func readLines(ctx context.Context, in io.Reader, name string) <-chan lineBlock {
	pieces, blocks := make(chan piece), make(chan lineBlock)
	go readPieces(ctx, in, pieces)
	go func() {
		defer close(blocks)
		c := lineCutter{name: name, block: lineBlock{first: 1}}
		for !c.ended || c.ready() {
			from, to := pieces, blocks
			if c.ended || len(c.block.text) >= blockBytes {
				from = nil
			}
			if !c.ready() {
				to = nil
			}
			select {
			case p := <-from:
				c.add(p)
			case to <- c.block:
				c.block = lineBlock{first: c.block.first + len(c.block.ends)}
			case <-ctx.Done():
				return
			}
		}
	}()
	return blocks
}

// piece is what a Read gave.
type piece struct {
	bytes []byte
	err   error
}

// readPieces has a goroutine of its own, since a Read lasts until there is something to read.
func readPieces(ctx context.Context, in io.Reader, pieces chan<- piece) {
	buf := make([]byte, readBytes)
	for {
		n, err := in.Read(buf)
		select {
		case pieces <- piece{bytes.Clone(buf[:n]), err}:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// lineCutter puts pieces together and cuts them into lines. A line ends with LF or the input, and a CR right before that
// is no part of it.
type lineCutter struct {
	name  string
	block lineBlock
	rest  []byte // of the line that has begun
	ended bool   // the input
}

func (c *lineCutter) ready() bool { return len(c.block.ends) > 0 || c.block.err != nil }

func (c *lineCutter) add(p piece) {
	for rest := p.bytes; !c.ended; {
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			c.begin(rest)
			break
		}
		c.begin(rest[:end])
		c.end()
		rest = rest[end+1:]
	}
	switch {
	case c.ended || p.err == nil:
	case p.err != io.EOF:
		c.stop(data.InWords(c.name, p.err))
	default:
		if len(c.rest) > 0 {
			c.end()
		}
		c.ended = true
	}
}

// begin adds to the line that has begun.
func (c *lineCutter) begin(text []byte) {
	c.rest = append(c.rest, text...)
	if len(c.rest) > longestLine {
		c.stop(badInput("%s: line %d is longer than %s, the most that is scored: split it", c.name, c.block.first+len(c.block.ends), sizeOf(longestLine)))
	}
}

// end makes what has begun a line.
func (c *lineCutter) end() {
	if !c.ended {
		if c.block.first == 1 && len(c.block.ends) == 0 { // of a file it is gone already
			c.rest = bytes.TrimPrefix(c.rest, []byte("\uFEFF"))
		}
		c.block.text = append(c.block.text, bytes.TrimSuffix(c.rest, []byte{'\r'})...)
		c.block.ends = append(c.block.ends, len(c.block.text))
		c.block.text = append(c.block.text, '\n')
		c.rest = c.rest[:0]
	}
}

func (c *lineCutter) stop(err error) { c.block.err, c.ended = err, true }
