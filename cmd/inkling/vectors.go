package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"inkling/checkpoint"
	"inkling/wordvec"
)

// vectorsFlag says what of a file of vectors is read.
type vectorsFlag struct {
	Limit int `help:"Read only the first N vectors of a file, which are those of the most frequent words in most." placeholder:"N"`
}

func (f vectorsFlag) check() error { return check(bound{"--limit", &f.Limit, 0, unbounded}) }

// openVectors reads word vectors: the folder of a run, or a file in a format of word2vec (.bin is binary, others are text) or
// of NumPy (.npy, with the words beside it in .words.txt).
func openVectors(a *app, name string, limit int) (*wordvec.Vectors, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, ioFault("%s: there is no such folder or file", name)
	case err != nil:
		return nil, err
	case info.IsDir() && limit > 0:
		return nil, usage("--limit is for files, and %s is a folder: leave it out", name)
	}
	if !info.IsDir() {
		if !info.Mode().IsRegular() {
			return nil, badInput("%s: neither a folder nor a regular file", name)
		}
		if err := vectorsFile(name); err != nil {
			return nil, err
		}
		need, err := vectorsMemory(name, info.Size(), limit)
		if err != nil {
			return nil, err
		}
		if free := a.memory(); free > 0 && need > free {
			return nil, badInput("%s: its vectors may take %s of memory, and there are %s: read fewer with --limit, or raise --memory", name, sizeOf(need), sizeOf(free))
		}
		v, err := readVectors(name, limit)
		if err != nil {
			var system *fs.PathError
			if errors.As(err, &system) {
				return nil, err
			}
			return nil, badInput("%s: %w", name, err)
		}
		return v, nil
	}
	run, err := checkpoint.OpenRead(name)
	if err != nil {
		return nil, err
	}
	defer run.Close()
	if !isVectors(run) {
		return nil, badInput("%s: not word vectors: train some with inkling train vectors", name)
	}
	if info, err := os.Stat(filepath.Join(name, "model.safetensors")); err == nil {
		if free := a.memory(); free > 0 && 2*info.Size() > free {
			return nil, badInput("%s: its vectors take %s of memory, and there are %s: use it on a machine with more, or raise --memory", name, sizeOf(2*info.Size()), sizeOf(free))
		}
	}
	return wordvec.Load(run)
}

// vectorsMemory is what the vectors of a file take at most, in bytes: as many as its header says and the limit lets, and no more
// than there is room for in the file; their numbers twice, as they are and of length 1. 0 of a file that will be refused.
func vectorsMemory(name string, size int64, limit int) (int64, error) {
	file, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	shape, least := wordvec.Shape, int64(4) // bytes of a number
	switch filepath.Ext(name) {
	case ".bin":
	case ".npy":
		shape = wordvec.ShapeNPY
	default:
		least = 2 // a digit and a space
	}
	rows, dim, err := shape(file)
	if err != nil {
		return 0, nil
	}
	n := min(int64(rows), size/(least*int64(dim))+1)
	if limit > 0 {
		n = min(n, int64(limit))
	}
	return n * (2*4*int64(dim) + wordvec.WordBytes), nil
}

// readVectors reads a file of vectors.
func readVectors(name string, limit int) (*wordvec.Vectors, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	switch filepath.Ext(name) {
	case ".bin":
		return wordvec.ReadBinary(file, limit)
	case ".npy":
		words, err := os.Open(wordsBeside(name))
		if err != nil {
			return nil, err
		}
		defer words.Close()
		return wordvec.ReadNPY(file, words, limit)
	}
	return wordvec.ReadText(file, limit)
}

// wordsBeside is where the words of a matrix of NumPy are.
func wordsBeside(name string) string { return strings.TrimSuffix(name, ".npy") + ".words.txt" }

// holdsVectors says whether what is to be measured is word vectors: a run of them, or a file. The error is that of a file of
// something else.
func holdsVectors(name string) (bool, error) {
	info, err := os.Stat(name)
	if err != nil {
		return false, nil // which opening a model reports
	}
	if !info.IsDir() {
		return true, vectorsFile(name)
	}
	run, err := checkpoint.OpenRead(name)
	if err != nil {
		return false, nil
	}
	defer run.Close()
	return isVectors(run), nil
}

// vectorsFile refuses a file that is no word vectors: neither by its name nor by a first line of two numbers.
func vectorsFile(name string) error {
	if ext := filepath.Ext(name); ext == ".bin" || ext == ".npy" {
		return nil
	}
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	var system *fs.PathError
	if _, _, err := wordvec.Shape(file); errors.As(err, &system) {
		return err
	} else if errors.Is(err, wordvec.ErrNoVectors) {
		return badInput("%s is a file, and neither a model's folder nor word vectors: name the folder of a run, or a file of vectors, which ends in .bin or .npy, or has two numbers as its first line, of words and of the length of a vector", name)
	}
	return nil // or a fault that reading will name
}
