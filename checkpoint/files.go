package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// The sizes in bytes above which [Run.ReadFile] refuses a file.
const (
	MaxFile   = 32 << 20
	MaxConfig = 1 << 20 // of config.json
)

// WriteFile replaces a file of the run, config.json say, at once and durably.
func (r *Run) WriteFile(name string, data []byte) error {
	r.mustWrite("WriteFile")
	if err := checkPlain(name); err != nil {
		panic("checkpoint: " + err.Error())
	}
	err := replace(r.root, name, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
	if err != nil {
		return writeFault(r.dir, name, err)
	}
	return nil
}

// ReadFile reads a file of the run of up to [MaxFile] bytes, config.json of up to
// [MaxConfig]. The name may come from
// anywhere: one that is not a plain file's in the folder is refused.
func (r *Run) ReadFile(name string) ([]byte, error) {
	if err := checkPlain(name); err != nil {
		return nil, malformed(r.dir, err)
	}
	file, size, err := r.open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	most := int64(MaxFile)
	if name == configName {
		most = MaxConfig
	}
	if size > most {
		return nil, malformed(r.path(name), fmt.Errorf("%d bytes, more than %d", size, most))
	}
	data := make([]byte, size)
	if err := readFull(file, data, r.path(name)); err != nil {
		return nil, err
	}
	return data, nil
}

// open opens a file of the run that must be a regular one and says how large it is.
func (r *Run) open(name string) (*os.File, int64, error) {
	file, err := r.root.OpenFile(name, os.O_RDONLY|openFlags, 0)
	if err != nil {
		if info, e := r.root.Lstat(name); e == nil && info.Mode()&fs.ModeSymlink != 0 {
			return nil, 0, &fault{text: r.path(name) + ": a link that leads out of the folder, or nowhere, is not followed: put a copy of the file in its place", kind: ErrFormat}
		}
		return nil, 0, readFault(r.path(name), err)
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, 0, readFault(r.path(name), err)
	}
	if !info.Mode().IsRegular() {
		file.Close()
		return nil, 0, malformed(r.path(name), fmt.Errorf("not a regular file"))
	}
	return file, info.Size(), nil
}

// SaveModel replaces model.safetensors; see [Write] for what is refused.
func (r *Run) SaveModel(tensors []Tensor, metadata map[string]string) error {
	r.mustWrite("SaveModel")
	return r.save(modelName, tensors, metadata)
}

func (r *Run) save(name string, tensors []Tensor, metadata map[string]string) error {
	err := replace(r.root, name, func(w io.Writer) error { return Write(w, tensors, metadata) })
	if err != nil {
		return writeFault(r.dir, name, err)
	}
	return nil
}

// LoadModel reads model.safetensors; see [Read].
func (r *Run) LoadModel() ([]Tensor, map[string]string, error) {
	file, size, err := r.open(modelName)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	return Read(file, size, r.path(modelName))
}

// LoadModelInto reads model.safetensors into memory that is there: into gives each tensor its place, as long as
// the tensor has elements, or an error that refuses it. After an error the places hold anything.
func (r *Run) LoadModelInto(into func(Info) ([]float32, error)) error {
	file, size, err := r.open(modelName)
	if err != nil {
		return err
	}
	defer file.Close()
	h, err := ReadHeader(file, size, r.path(modelName))
	if err != nil {
		return err
	}
	_, err = h.read(file, r.path(modelName), into)
	return err
}

// HasModel says whether there is a model.safetensors, be it as it may.
func (r *Run) HasModel() bool {
	_, err := r.root.Lstat(modelName)
	return !errors.Is(err, fs.ErrNotExist)
}

// ModelHeader reads names, shapes and metadata of model.safetensors without its data, to
// know the memory it needs beforehand.
func (r *Run) ModelHeader() (*Header, error) {
	file, size, err := r.open(modelName)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return ReadHeader(file, size, r.path(modelName))
}
