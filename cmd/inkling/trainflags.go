package main

// trainFlags say how a language model is made and trained. A flag that is nil was not given: the program chooses.
type trainFlags struct {
	textFlags
	tokenFlags
	Cache string `help:"Keep the tokens of the text in files of this folder; a text that is too large for memory has them in the user's folder for caches unless given." placeholder:"DIR" group:"The text"`
	Valid string `help:"What is held out: a share of the text's end (of a list, items spread over it), or a text of its own. 0: nothing." default:"0.1" placeholder:"SHARE|FILE" group:"The text"`

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
