//go:build linux

package main

import (
	"strings"
	"testing"
)

// What the config of a VAE is spoilt by, as configEdits.
var vaeEdits = [][3]string{
	{"newer", `"format": 1`, `"format": 2`},
	{"format-twice", `"format": 1`, `"format": 1, "format": 1`},
	{"kind-lm", `"kind": "vae"`, `"kind": "lm"`},
	{"kind-other", `"kind": "vae"`, `"kind": "gan"`},
	{"kind-kelvin", `"kind": "vae"`, `"kind": "vae", "` + "\u212a" + `ind": "lm"`},
	{"height-0", `"height": 6`, `"height": 0`},
	{"height-negative", `"height": 6`, `"height": -6`},
	{"both-negative", `"height": 6,`, `"height": -6, "Width": 6,`},
	{"height-less", `"height": 6`, `"height": 5`},
	{"height-most", `"height": 6`, `"height": 4096`},
	{"height-too-large", `"height": 6`, `"height": 4097`},
	{"height-overflow", `"height": 6`, `"height": 9223372036854775807`},
	{"height-beyond-int", `"height": 6`, `"height": 18446744073709551616`},
	{"height-fraction", `"height": 6`, `"height": 6.5`},
	{"height-NaN", `"height": 6`, `"height": NaN`},
	{"channels-overflow", `"channels": 1`, `"channels": 4611686018427387904`},
	{"channels-most", `"channels": 1`, `"channels": 4096`},
	{"latent-0", `"latent": [`, `"latent": [0], "x": [`},
	{"latent-negative", `"latent": [`, `"latent": [-3], "x": [`},
	{"latent-empty", `"latent": [`, `"latent": [], "x": [`},
	{"latent-most", `"latent": [`, `"latent": [65536], "x": [`},
	{"latent-too-large", `"latent": [`, `"latent": [65537], "x": [`},
	{"latent-overflow", `"latent": [`, `"latent": [9223372036854775807], "x": [`},
	{"latent-three", `"latent": [`, `"latent": [1, 1, `},
	{"latent-many", `"latent": [`, `"latent": [` + strings.Repeat("1, ", 100_000)},
	{"latent-number", `"latent": [`, `"latent": 3, "x": [`},
	{"hidden-other", `"hidden": [`, `"hidden": [[9]], "x": [`},
	{"hidden-most", `"hidden": [`, `"hidden": [[65536, 65536]], "x": [`},
	{"hidden-deep-most", `"hidden": [`, `"hidden": [[` + strings.Repeat("65536, ", 15) + `65536]], "x": [`},
	{"hidden-too-deep", `"hidden": [`, `"hidden": [[` + strings.Repeat("8, ", 16) + `8]], "x": [`},
	{"hidden-negative", `"hidden": [`, `"hidden": [[-8]], "x": [`},
	{"hidden-overflow", `"hidden": [`, `"hidden": [[4294967296, 4294967296]], "x": [`},
	{"hidden-two", `"hidden": [`, `"hidden": [[8], [8]], "x": [`},
	{"hidden-flat", `"hidden": [`, `"hidden": [8], "x": [`},
	{"net-other", `"net": "dense"`, `"net": "transformer"`},
	{"net-path", `"net": "dense"`, `"net": "../../dense"`},
	{"net-long", `"net": "dense"`, `"net": "` + strings.Repeat("x", 100_000) + `"`},
	{"activation-other", `"activation": "tanh"`, `"activation": "sign"`},
	{"likelihood-other", `"likelihood": "bernoulli"`, `"likelihood": "poisson"`},
	{"likelihood-lines", `"likelihood": "bernoulli"`, `"likelihood": "b\n\u001b[2J"`},
	{"objective-other", `"name": "elbo"`, `"name": "gan"`},
	{"objective-null", `"objective": {`, `"objective": [], "x": {`},
	{"k-negative", `"k": 1`, `"k": -1`},
	{"k-overflow", `"k": 1`, `"k": 9223372036854775807`},
	{"beta-negative", `"beta": 1`, `"beta": -1`},
	{"beta-1e400", `"beta": 1`, `"beta": 1e400`},
	{"free-bits", `"beta": 1`, `"beta": 1, "free_bits": -1`},
	{"anneal", `"beta": 1`, `"beta": 1, "anneal": "never"`},
	{"binarize-other", `"binarize": "dynamic"`, `"binarize": "often"`},
	{"batch-overflow", `"batch": 20`, `"batch": 9223372036854775807`},
	{"shards-negative", `"shards": 2`, `"shards": -2`},
	{"pictures-negative", `"pictures": 190`, `"pictures": -190`},
	{"pictures-overflow", `"pictures": 190`, `"pictures": 9223372036854775807`},
	{"bytes-overflow", `"bytes": `, `"bytes": 922337203685477580`},
	{"share", `"valid_share": 0.05`, `"valid_share": 1.5`},
	{"deep", `"format": 1`, `"format": 1, "x": ` + strings.Repeat("[", 500_000)},
	{"many-values", `"format": 1`, `"format": 1, "x": [` + strings.Repeat("0,", 500_000) + "0]"},
}

// What the header of a VAE's weights is spoilt by, as headerEdits.
var vaeHeaderEdits = [][3]string{
	{"tensor-twice", `"decoder.0.0.bias":`, `"decoder.0.0.bias":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"decoder.0.0.bias":`},
	{"name-other", `"decoder.0.0.bias"`, `"decoder.1.0.bias"`},
	{"name-path", `"decoder.0.0.bias"`, `"../../etc/passwd"`},
	{"dtype-wide", `"F32"`, `"F64"`},
	{"shape-other", `"shape":[8]`, `"shape":[4,2]`},
	{"shape-overflow", `"shape":[8]`, `"shape":[4294967296,4294967296]`},
	{"shape-negative", `"shape":[8]`, `"shape":[-8]`},
}

// TestHostileVAEs is TestHostileModels of VAEs: sample, and info where the model would do.
func TestHostileVAEs(t *testing.T) {
	f := vaeFolder(t)
	f.must(vaeArgs("model", "--steps", "10")...)
	base := readHostile(f)
	var cases []hostile
	for _, e := range vaeEdits {
		for _, command := range []string{"sample", "info"} {
			cases = append(cases, hostile{command + "-" + e[0], []string{command}, func(m *hostileModel) { m.put("config.json", m.edit(m.config, e[1], e[2])) }})
		}
	}
	for _, e := range vaeHeaderEdits {
		cases = append(cases, hostile{"header-" + e[0], []string{"sample"}, func(m *hostileModel) { m.save(m.edit(m.header(), e[1], e[2])) }})
	}
	for _, c := range hostileTensors[:4] {
		cases = append(cases, hostile{c.name, []string{"sample"}, c.spoil})
	}
	cases = append(cases, hostile{"metrics-many-also", []string{"info"}, func(m *hostileModel) {
		m.put("metrics.jsonl", `{"step":1,"also":{`, `"a`+strings.Repeat("x", 50)+`":1,`, 1000, `"b":1}}`+"\n{}\n")
	}}, hostile{"metrics-also-text", []string{"info"}, func(m *hostileModel) {
		m.put("metrics.jsonl", `{"step":1,"also":{"kl":"much"}}`+"\n{}\n")
	}})
	refused(f, base, cases, "hostile_vae.golden")
}
