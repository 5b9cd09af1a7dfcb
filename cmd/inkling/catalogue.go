package main

import (
	"path"
	"strings"
)

// The data sets that inkling data knows. None is part of the program: each is fetched from where its authors or
// a public mirror keep it.
//
// A file is known by the SHA-256 of what it holds, that is, of the unpacked bytes of a .gz. So a copy that was
// packed by another counts as well (Debian packs Fashion-MNIST anew, without time stamps), and one hash serves
// for what is found here and for what is fetched. Each was computed from a file. The sizes are those of the
// files at their addresses, and nothing of another size is taken from there.
//
// Not here: text8, of which its author publishes no hash, and the Penn Treebank, whose licence lets nobody pass
// it on.

// dataset is one entry of the catalogue.
type dataset struct {
	name    string
	about   string
	licence string
	debian  string // package that brings it, in /usr/share/datasets; "" if there is none
	files   []dataFile
	other   *dataset // the same in other files, which count where they are found and are not fetched; nil if there are none
}

// dataFile is a file of a data set.
type dataFile struct {
	name      string
	size      int64    // in bytes, as it is fetched, or about as it is found
	unpacked  int64    // of a .gz: the size of what it holds, in bytes; else 0
	sha256    string   // of what it holds
	addresses []string // to be tried in this order
}

// size is what fetching the whole set takes, in bytes.
func (d *dataset) size() (sum int64) {
	for _, f := range d.files {
		sum += f.size
	}
	return sum
}

// forms are the sets of files that are the data set.
func (d *dataset) forms() []*dataset {
	if d.other == nil {
		return []*dataset{d}
	}
	return []*dataset{d, d.other}
}

// place is where a file lies below a folder of data sets: in a folder of the set's name, but for a set that is
// one file.
func (d *dataset) place(f dataFile) string {
	if len(d.files) == 1 {
		return f.name
	}
	return path.Join(d.name, f.name)
}

// catalogue is what the commands work with: that of the program, or a test's.
type catalogue []*dataset

func (c catalogue) find(name string) (*dataset, error) {
	for _, d := range c {
		if d.name == name {
			return d, nil
		}
	}
	return nil, usage("no data set %q is known: choose from %s", name, c.names())
}

func (c catalogue) names() string {
	var names []string
	for _, d := range c {
		names = append(names, d.name)
	}
	return strings.Join(names, ", ")
}

var datasets = catalogue{
	{
		name: "tinyshakespeare", about: "40,000 lines of Shakespeare's plays, for language models", licence: "public domain",
		files: []dataFile{{
			name: "tinyshakespeare.txt", size: 1115394, sha256: "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
			addresses: []string{"https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"},
		}},
	},
	{
		name: "mnist", about: "70,000 handwritten digits, 28×28 pixels", licence: "CC BY-SA 3.0",
		files: idx([]string{"https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"},
			9912422, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
			28881, "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
			1648877, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
			4542, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
	},
	{
		name: "fashion-mnist", about: "70,000 pictures of clothes, 28×28 pixels", licence: "MIT", debian: "dataset-fashion-mnist",
		files: idx([]string{"https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/", "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"},
			26421880, "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
			29515, "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
			4422102, "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
			5148, "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
	},
	{
		name: "binarized-mnist", about: "70,000 digits of MNIST in black and white, as Larochelle drew them", licence: "as mnist",
		files: []dataFile{
			amat("train", 50_000, "ad693b29f94c14277b095f5238ddefbbdaaae0939789dd2f4f0205278cee3e4d"),
			amat("valid", 10_000, "1de3d397c40fe8eeb33dafd4099a1f665ec01e96d9be234aaeeac8a34930e2e2"),
			amat("test", 10_000, "e6687bfea3f820c174f33b7865140b2a2dd2930ef786f35d45795fc193b5ab2c"),
		},
		other: &dataset{name: "binarized-mnist", files: []dataFile{ // the same pictures in the form of MNIST, a byte each pixel
			{name: "train-images-idx3-ubyte.gz", size: 1844318, unpacked: 50_000*28*28 + 16, sha256: "0eae7dff54784fdce12433da8ed5d8549d4676c91740d78aa0b18fa99a8b96f2"},
			{name: "valid-images-idx3-ubyte.gz", size: 369019, unpacked: 10_000*28*28 + 16, sha256: "1b017d51bf2733a6cbde62f26dd36be91c88ab4e95f8de9cdafadcb26fe9a852"},
			{name: "test-images-idx3-ubyte.gz", size: 349442, unpacked: 10_000*28*28 + 16, sha256: "491785121c5ff9ffb073809cd7c755a241b9e04052f1cf2ec7c9608a9346e097"},
		}},
	},
}

// amat is a part of the binarized MNIST: a line for each picture, and of each pixel a digit and what parts it from the
// next.
func amat(part string, pictures int64, sha256 string) dataFile {
	name := "binarized_mnist_" + part + ".amat"
	return dataFile{
		name: name, size: pictures * 28 * 28 * 2, sha256: sha256,
		addresses: []string{"http://www.cs.toronto.edu/~larocheh/public/datasets/binarized_mnist/" + name},
	}
}

// idx are the four files of a data set in the form of MNIST: sizes and hashes of the pictures and the labels to
// learn from, then of those to test with.
func idx(folders []string, images int64, imagesSHA256 string, labels int64, labelsSHA256 string, testImages int64, testImagesSHA256 string, testLabels int64, testLabelsSHA256 string) []dataFile {
	const image, imageHeader, labelHeader = 28 * 28, 16, 8 // bytes
	files := []dataFile{
		{name: "train-images-idx3-ubyte.gz", size: images, unpacked: 60_000*image + imageHeader, sha256: imagesSHA256},
		{name: "train-labels-idx1-ubyte.gz", size: labels, unpacked: 60_000 + labelHeader, sha256: labelsSHA256},
		{name: "t10k-images-idx3-ubyte.gz", size: testImages, unpacked: 10_000*image + imageHeader, sha256: testImagesSHA256},
		{name: "t10k-labels-idx1-ubyte.gz", size: testLabels, unpacked: 10_000 + labelHeader, sha256: testLabelsSHA256},
	}
	for i := range files {
		for _, folder := range folders {
			files[i].addresses = append(files[i].addresses, folder+files[i].name)
		}
	}
	return files
}
