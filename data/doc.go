// Package data turns what people bring into what models read: texts into tokens, tokens into
// windows for training and streams for evaluation.
//
// A [Vocab] says which token ids a text is; it is made from the training text ([Chars], [Bytes]) and
// saved with the model as a Hugging Face tokenizer.json ([Vocab.WriteTokenizer], [ReadTokenizer]).
// Nothing in a text is an error: what a vocabulary cannot read it reads as its unknown symbol, and
// says so in a [Report].
package data
