package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"inkling/data"
)

// cacheFormat is to be raised when other tokens are made of the same text and vocabulary, or more is said of them.
const cacheFormat = 1

// cache keeps the tokens of texts that are too large for memory in files, so that each is tokenized once. A file's
// name tells the text, the part of it and the vocabulary, so that a text that changed has another file.
type cache struct {
	dir string // "": the folder for such things of the user
}

// tokens gives the tokens of a section of a text of this hash from the cache, where it puts them if need be. A file that is
// being made when the user stops the command is not left there.
func (c cache) tokens(a *app, s data.Section, v *data.Vocab, sha string) (ids *data.IDFile, side data.Side, note string, err error) {
	dir := c.dir
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return nil, side, "", ioFault("the text is too large for memory, and there is no folder for its tokens (%w): name one with --cache", err)
		}
		dir = filepath.Join(user, "inkling")
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, side, "", ioFault("%s, where the tokens of the text are to be kept, cannot be made: name another folder with --cache: %w", dir, cause(err))
	}
	key := sha256.New()
	fmt.Fprintln(key, cacheFormat, sha, s.Part())
	if err := v.WriteTokenizer(key); err != nil {
		return nil, side, "", err
	}
	path := filepath.Join(dir, hex.EncodeToString(key.Sum(nil))[:32]+".ids")
	ids, side, err = data.OpenIDs(path, v.Size())
	if err == nil {
		return ids, side, "the tokens of the text are in " + path + " already", nil
	}
	if errors.Is(err, fs.ErrPermission) {
		return nil, side, "", ioFault("the tokens of the text are in %s already, which may not be read by this user: name another folder with --cache: %w", path, cause(err))
	}
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, data.ErrNoIDs) {
		return nil, side, "", err
	}
	defer a.orderly()()
	var wrong error // of the text or the user, which is not the disk's fault
	err = data.WriteIDs(path, func(w io.Writer) (data.Side, error) {
		d := &disk{w: w}
		side, err := s.Encode(a.ctx, v, d, runtime.GOMAXPROCS(0))
		if d.err == nil {
			wrong = err
		}
		return side, err
	})
	switch {
	case wrong != nil:
		return nil, side, "", wrong
	case err != nil:
		return nil, side, "", ioFault("the tokens of the text cannot be written to %s: free some space, or name another folder with --cache: %w", dir, cause(err))
	}
	ids, side, err = data.OpenIDs(path, v.Size())
	return ids, side, "the tokens of the text are kept in " + path, err
}

// disk notes that writing failed.
type disk struct {
	w   io.Writer
	err error
}

func (d *disk) Write(p []byte) (n int, err error) {
	n, d.err = d.w.Write(p)
	return n, d.err
}

// cause is what the system says, without the name of the file, which the message has already.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
