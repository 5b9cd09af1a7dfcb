// Package data turns what people bring into what models read: texts into tokens, tokens into
// windows for training and streams for evaluation.
//
// A text is found with [Open], read once to know what it is with [Text.Survey], and cut into sections with
// [Survey.Split]. A [Section] is learned from ([Section.Learn]) and encoded ([Section.Encode]) in parts, so that a
// text may be of any size; its tokens are in memory ([Ids]) or in a file ([WriteIDs], [OpenIDs]). [Windows] cut
// running text for training, [Items] the items of a list, and [Stream] and [Items.Once] read each once.
//
// A [Vocab] says which token ids a text is; it is made from the training text and saved with the model
// as a Hugging Face tokenizer.json ([Vocab.WriteTokenizer], [ReadTokenizer]). Nothing in a text is an
// error: what a vocabulary cannot read it reads as its unknown symbol, and says so in a [Report]. There
// are four kinds.
//
// Characters ([Chars]) are the code points of the text, by frequency. U+FFFD stands for those that are
// not among them and for bytes that are no UTF-8.
//
// Bytes ([Bytes]) are their 256 values. Nothing is unknown, and any file comes back as it was.
//
// Words ([Words]) are what stands between the word boundaries of Unicode Standard Annex 29, or between
// white space where a text is tokenized already, as Penn Treebank is; in lower case if one likes. The
// rare ones are <unk>; line ends are tokens; how much white space there was is lost. Hugging Face's
// library for JavaScript knows <unk> only if a tokenizer_config.json says so; and for the boundaries of
// Unicode a tokenizer.json can only name the nearest that their libraries know.
//
// Byte-level BPE ([TrainBPE]) learns which bytes often stand together, as GPT-2's does: frequent words
// are one token, rare ones several, and, all bytes being tokens, nothing is unknown and any file comes
// back as it was. Tokenizers of this kind that others trained are read, with their added tokens.
//
// To any of them [Vocab.WithItems] adds a token before and one after each item of a list. A text that
// is too long for memory is read in parts that end where [Vocab.Cut] says.
//
// Pictures are read by [OpenImages]: IDX, .npy, .amat, PNG and JPEG files, alone or in folders, in parts to train on,
// to validate and to test with. [Images] hold them in memory.
package data
