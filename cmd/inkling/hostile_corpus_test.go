//go:build linux

package main

import (
	"bytes"
	endian "encoding/binary"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"syscall"
)

// The ways in which a folder is spoilt, by what of it is. Most are one replacement of a text.

var generating = []string{"generate"}

// hostileFolders lists them all; base is the model as it was saved.
func hostileFolders(base *hostileModel) (all []hostile) {
	add := func(name string, spoil func(m *hostileModel)) { all = append(all, hostile{name, generating, spoil}) }
	for _, e := range configEdits {
		add("config-"+e[0], func(m *hostileModel) { m.put("config.json", m.edit(m.config, e[1], e[2])) })
	}
	for _, e := range tokenizerEdits {
		add("tokens-"+e[0], func(m *hostileModel) { m.put("tokenizer.json", m.edit(m.tokenizer, e[1], e[2])) })
	}
	size := len(base.tensors[0].bits)
	for _, e := range headerEdits {
		old := strings.ReplaceAll(e[1], "END", fmt.Sprint(size))
		add("header-"+e[0], func(m *hostileModel) { m.save(m.edit(m.header(), old, e[2])) })
	}
	for _, c := range slices.Concat(hostileTensors, hostileBytes, hostileBombs, hostileFiles) {
		add(c.name, c.spoil)
	}
	for _, c := range hostileNumbers() {
		add(c.name, c.spoil)
	}
	for _, c := range hostileMetrics {
		all = append(all, hostile{c.name, []string{"info"}, c.spoil})
	}
	for _, e := range trainingEdits {
		all = append(all, hostile{"info-" + e[0], []string{"info"}, func(m *hostileModel) { m.put("config.json", m.edit(m.config, e[1], e[2])) }})
	}
	for _, i := range []int{0, len(configEdits), len(configEdits) + len(tokenizerEdits), len(all) / 2} { // some through another command
		c := all[i]
		all = append(all, hostile{"eval-" + c.name, []string{"eval"}, c.spoil})
	}
	return all
}

// spoiling is a hostile through generate.
type spoiling struct {
	name  string
	spoil func(m *hostileModel)
}

// Tensors that are not those of the model, in a file that is well formed.
var hostileTensors = []spoiling{
	{"tensor-missing", func(m *hostileModel) { m.tensors = m.tensors[1:]; m.save(m.header()) }},
	{"tensors-none", func(m *hostileModel) { m.tensors = nil; m.save(m.header()) }},
	{"tensor-extra", func(m *hostileModel) {
		m.tensors = append(m.tensors, hostileTensor{"extra", "F32", []int{4}, make([]byte, 16)})
		m.save(m.header())
	}},
	{"tensor-extra-empty", func(m *hostileModel) {
		m.tensors = append(m.tensors, hostileTensor{"extra", "F32", []int{0}, nil})
		m.save(m.header())
	}},
	{"tensor-split", func(m *hostileModel) {
		w := m.tensors[0]
		m.tensors[0] = hostileTensor{w.name, w.dtype, []int{32}, w.bits[:128]}
		m.tensors = append(m.tensors, hostileTensor{"rest", w.dtype, []int{32}, w.bits[128:]})
		m.save(m.header())
	}},
	{"tensor-flat", func(m *hostileModel) {
		i := m.matrix()
		m.tensors[i].shape = []int{m.tensors[i].shape[0] * m.tensors[i].shape[1]}
		m.save(m.header())
	}},
	{"tensor-transposed", func(m *hostileModel) {
		i := m.matrix()
		m.tensors[i].shape = []int{m.tensors[i].shape[1], m.tensors[i].shape[0]}
		m.save(m.header())
	}},
	{"tensors-exchanged", func(m *hostileModel) {
		i, j := m.matrix(), len(m.tensors)-1
		m.tensors[i].name, m.tensors[j].name = m.tensors[j].name, m.tensors[i].name
		m.save(m.header())
	}},
}

// matrix is the first tensor of two dimensions that is not square.
func (m *hostileModel) matrix() int {
	return slices.IndexFunc(m.tensors, func(w hostileTensor) bool { return len(w.shape) == 2 && w.shape[0] != w.shape[1] })
}

// hostileNumbers puts numbers that are not finite into the last place of the last tensor, in each type.
func hostileNumbers() (all []spoiling) {
	type number struct {
		name string
		bits []byte
	}
	little := endian.LittleEndian
	for dtype, numbers := range map[string][]number{
		"F32": {
			{"NaN", little.AppendUint32(nil, 0x7fc00000)},
			{"signalling-NaN", little.AppendUint32(nil, 0x7f800001)},
			{"Inf", little.AppendUint32(nil, 0x7f800000)},
			{"minus-Inf", little.AppendUint32(nil, 0xff800000)},
		},
		"F16":  {{"NaN", []byte{0, 0x7e}}, {"Inf", []byte{0, 0x7c}}, {"minus-Inf", []byte{0, 0xfc}}},
		"BF16": {{"NaN", []byte{0xc0, 0x7f}}, {"Inf", []byte{0x80, 0x7f}}},
		"F64": {
			{"NaN", little.AppendUint64(nil, math.Float64bits(math.NaN()))},
			{"Inf", little.AppendUint64(nil, math.Float64bits(math.Inf(1)))},
			{"too-large-for-float32", little.AppendUint64(nil, math.Float64bits(1e39))},
		},
	} {
		for _, n := range numbers {
			all = append(all, spoiling{"number-" + dtype + "-" + n.name, func(m *hostileModel) {
				for i := range m.tensors {
					m.tensors[i].dtype = dtype
					m.tensors[i].bits = make([]byte, len(m.tensors[i].bits)/4*len(n.bits))
				}
				last := m.tensors[len(m.tensors)-1].bits
				copy(last[len(last)-len(n.bits):], n.bits)
				m.save(m.header())
			}})
		}
	}
	slices.SortFunc(all, func(a, b spoiling) int { return strings.Compare(a.name, b.name) })
	return all
}

// hostileBytes are damages to the saved file of weights.
var hostileBytes = func() (all []spoiling) {
	cut := func(name string, at func(file []byte, header int) int) {
		all = append(all, spoiling{"cut-" + name, func(m *hostileModel) {
			header := int(endian.LittleEndian.Uint64(m.weights))
			m.put("model.safetensors", string(m.weights[:at(m.weights, header)]))
		}})
	}
	cut("to-nothing", func([]byte, int) int { return 0 })
	cut("in-the-length", func([]byte, int) int { return 7 })
	cut("after-the-length", func([]byte, int) int { return 8 })
	cut("in-the-header", func(_ []byte, n int) int { return 8 + n/2 })
	cut("before-the-data", func(_ []byte, n int) int { return 8 + n })
	cut("in-the-data", func(file []byte, n int) int { return (8 + n + len(file)) / 2 })
	cut("by-a-byte", func(file []byte, _ int) int { return len(file) - 1 })

	flip := func(name string, at func(file []byte, header int) int) {
		all = append(all, spoiling{"flip-" + name, func(m *hostileModel) {
			file := bytes.Clone(m.weights)
			file[at(file, int(endian.LittleEndian.Uint64(file)))] ^= 1
			m.put("model.safetensors", string(file))
		}})
	}
	flip("of-the-length", func([]byte, int) int { return 0 })
	flip("of-the-high-length", func([]byte, int) int { return 7 })
	flip("of-a-name", func(file []byte, _ int) int { return bytes.Index(file, []byte("bias")) })
	flip("of-a-sum", func(file []byte, _ int) int { return bytes.Index(file, []byte("data_crc32c")) + len(`data_crc32c":"`) })
	flip("of-the-data", func(file []byte, n int) int { return 8 + n + 100 })
	flip("of-the-last", func(file []byte, _ int) int { return len(file) - 1 })

	length := func(name string, n uint64) {
		all = append(all, spoiling{"length-" + name, func(m *hostileModel) {
			m.put("model.safetensors", string(endian.LittleEndian.AppendUint64(nil, n)), string(m.weights[8:]))
		}})
	}
	length("0", 0)
	length("1", 1)
	length("8-MiB", 8<<20)
	length("more-than-8-MiB", 8<<20+1)
	length("2-to-31", 1<<31)
	length("2-to-63", 1<<63)
	length("all-ones", math.MaxUint64)
	all = append(all,
		spoiling{"a-byte-more", func(m *hostileModel) { m.put("model.safetensors", string(m.weights), "\x00") }},
		spoiling{"pickle", func(m *hostileModel) {
			m.put("model.safetensors", "\x80\x04\x95\x00\x00\x00\x00cos\nsystem\n", "x", 1000)
		}},
		spoiling{"zip", func(m *hostileModel) { m.put("model.safetensors", "PK\x03\x04", "\x00", 1000) }},
		spoiling{"text", func(m *hostileModel) { m.put("model.safetensors", "Some text, and no tensors at all.\n", 100) }},
	)
	return all
}()

// hostileFiles are things in the place of files.
var hostileFiles = func() (all []spoiling) {
	for _, file := range []string{"config.json", "tokenizer.json", "model.safetensors"} {
		instead := func(name string, put func(m *hostileModel, path string) error) {
			all = append(all, spoiling{name + "-" + strings.TrimSuffix(strings.TrimSuffix(file, ".json"), ".safetensors"), func(m *hostileModel) {
				err := os.Remove(m.path(file))
				if err == nil {
					err = put(m, m.path(file))
				}
				if err != nil {
					m.Error(err)
				}
			}})
		}
		instead("link-out", func(m *hostileModel, path string) error { return os.Symlink("../model/"+file, path) })
		instead("link-root", func(m *hostileModel, path string) error { return os.Symlink("/etc/passwd", path) })
		instead("link-nowhere", func(m *hostileModel, path string) error { return os.Symlink("nowhere", path) })
		instead("link-to-itself", func(m *hostileModel, path string) error { return os.Symlink(file, path) })
		instead("link-device", func(m *hostileModel, path string) error { return os.Symlink("/dev/zero", path) })
		instead("pipe", func(m *hostileModel, path string) error { return syscall.Mkfifo(path, 0o666) })
		instead("socket", func(m *hostileModel, path string) error { return syscall.Mknod(path, syscall.S_IFSOCK|0o666, 0) })
		instead("folder", func(m *hostileModel, path string) error { return os.Mkdir(path, 0o777) })
		instead("empty", func(m *hostileModel, path string) error { return os.WriteFile(path, nil, 0o666) })
		instead("sparse-64-GiB", func(m *hostileModel, path string) error {
			if err := os.WriteFile(path, endian.LittleEndian.AppendUint64(nil, 2), 0o666); err != nil {
				return err
			}
			return os.Truncate(path, 64<<30)
		})
	}
	return all
}()

// hostileMetrics are for info, which reads the metrics.
var hostileMetrics = []spoiling{
	{"metrics-of-others", func(m *hostileModel) { m.put("metrics.jsonl", "loss: 1\nloss: 0.5\n") }},
	{"metrics-1e400", func(m *hostileModel) { m.put("metrics.jsonl", "{\"step\":1,\"loss\":1e400}\n{}\n") }},
	{"metrics-of-text", func(m *hostileModel) { m.put("metrics.jsonl", "{\"step\":\"1\"}\n{}\n") }},
	{"metrics-long-line", func(m *hostileModel) { m.put("metrics.jsonl", `{"step":1,"x":"`, "x", 1<<20, "\"}\n{}\n") }},
	{"metrics-deep", func(m *hostileModel) { m.put("metrics.jsonl", `{"x":`, "[", 60_000, "\n{}\n") }},
	{"metrics-many", func(m *hostileModel) { m.put("metrics.jsonl", "{}\n", 10<<20) }},
	{"metrics-the-last-wrong", func(m *hostileModel) {
		m.put("metrics.jsonl", `{"step":1,"seconds":1.5,"tokens":1000,"loss":2.25,"valid":2.5,"rate":0.001}`+"\n", 99_000, "x\n{}\n")
	}},
	{"metrics-many-empty", func(m *hostileModel) { m.put("metrics.jsonl", "\n", 32<<20) }},
	{"metrics-1-GiB", func(m *hostileModel) {
		m.put("metrics.jsonl")
		if err := os.Truncate(m.path("metrics.jsonl"), 1<<30); err != nil {
			m.Error(err)
		}
	}},
	{"metrics-pipe", func(m *hostileModel) {
		if err := syscall.Mkfifo(m.path("metrics.jsonl"), 0o666); err != nil {
			m.Error(err)
		}
	}},
	{"metrics-link-out", func(m *hostileModel) {
		if err := os.Symlink("/etc/passwd", m.path("metrics.jsonl")); err != nil {
			m.Error(err)
		}
	}},
}
