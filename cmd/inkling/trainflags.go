package main

// trainFlags say how a language model is made and trained. A flag that is nil was not given: the program chooses.
type trainFlags struct {
	textFlags
	Tokens   *string `help:"What a token is: ${enum}." enum:"char,byte,word,bpe" placeholder:"char" group:"The text"`
	Vocab    *int    `help:"Of word and bpe: the most tokens; 8192 of bpe, any number of words." placeholder:"N" group:"The text"`
	MinCount *int    `help:"Words that occur less often are unknown; 2." placeholder:"N" group:"The text"`
	Split    *string `help:"Where words end: at the word boundaries of Unicode, or only at white space, as in texts that are tokenized already; unicode or space." enum:"unicode,space" placeholder:"unicode" group:"The text"`
	Lower    bool    `help:"Words are read in lower case." group:"The text"`
	Cache    string  `help:"Keep the tokens of the text in files of this folder; a text that is too large for memory has them in the user's folder for caches unless given." placeholder:"DIR" group:"The text"`
	Valid    string  `help:"What is held out: a share of the text's end (of a list, items spread over it), or a text of its own. 0: nothing." default:"0.1" placeholder:"SHARE|FILE" group:"The text"`

	Arch       *string  `help:"What it is made of: ${enum}; inkling info architectures says what each is." enum:"${architectures}" placeholder:"lstm" group:"The model"`
	Hidden     *int     `help:"Size of each layer's state." placeholder:"N" group:"The model"`
	Layers     *int     `help:"Layers." placeholder:"N" group:"The model"`
	Embed      *int     `help:"Size of the token embedding; 0: tokens enter one-hot. Of window 100 unless given." placeholder:"N" group:"The model"`
	Context    *int     `help:"Tokens that window sees; 5." placeholder:"D" group:"The model"`
	Direct     bool     `help:"The output layer of window sees the embeddings too." group:"The model"`
	Norm       bool     `help:"Layer normalization of what each layer puts out." group:"The model"`
	Tied       bool     `help:"The output layer shares the embedding." group:"The model"`
	Dropout    *float64 `help:"Share dropped between layers." placeholder:"P" group:"The model"`
	DropoutOut *float64 `help:"Share dropped of what the last layer puts out; as --dropout." placeholder:"P" group:"The model"`
	DropoutIn  *float64 `help:"Share dropped of the embeddings that come in." placeholder:"P" group:"The model"`

	Variational bool `help:"What is dropped is the same in all steps of a window of text." group:"The model"`

	outputFlags

	samplingSchedule

	Time *int `help:"Steps that gradients flow back." placeholder:"N" group:"How"`

	loopFlags
}
