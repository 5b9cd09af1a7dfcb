package main

import "time"

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

	Steps  *int           `help:"End after so many steps." placeholder:"N" group:"How long"`
	Epochs *float64       `help:"End after so many passes over the text." placeholder:"N" group:"How long"`
	Budget *time.Duration `help:"End after this time, and choose sizes to fit it; reading the text, measuring the speed and the last table come on top." placeholder:"10m" group:"How long"`

	Patience *int `help:"End when so many validations in a row bring no new best, if nothing else ends the run before." placeholder:"N" group:"How long"`

	Batch            *int     `help:"Lanes of text read side by side." placeholder:"N" group:"How"`
	Time             *int     `help:"Steps that gradients flow back." placeholder:"N" group:"How"`
	Accumulate       *int     `help:"Windows of text whose gradients make one step; 1." placeholder:"K" group:"How"`
	LR               *float64 `name:"lr" help:"Learning rate at its highest." placeholder:"R" group:"How"`
	Optimizer        string   `help:"${enum}." enum:"${optimizers}" default:"${optimizer}" group:"How"`
	Momentum         *float64 `help:"Of sgd; the first beta of adam and adamw." placeholder:"M" group:"How"`
	Beta2            *float64 `name:"beta2" help:"The second beta of adam and adamw; alpha of rmsprop." placeholder:"B" group:"How"`
	Average          *float64 `help:"Average the weights over the steps, with this decay, and keep the average where it is better on the held-out text; 0.999 or so." placeholder:"DECAY" group:"How"`
	Decay            float64  `help:"Weight decay." placeholder:"D" group:"How"`
	Schedule         string   `help:"Of the learning rate: ${enum}." enum:"${schedules}" default:"${schedule}" group:"How"`
	ScheduleFactor   *float64 `help:"What step and plateau multiply the rate by at each drop; 0.5." placeholder:"F" group:"How"`
	ScheduleAfter    *int     `help:"Passes over the text at the full rate before step drops it with each; by tenths of the run unless given." placeholder:"N" group:"How"`
	SchedulePatience *int     `help:"Validations without a new best before plateau drops the rate; 2." placeholder:"N" group:"How"`
	Clip             float64  `help:"Largest norm of the gradient; 0: any." default:"1" group:"How"`
	Seed             uint64   `help:"Of the first weights, dropout and the order of the text." default:"1" group:"How"`
	Precision        string   `help:"Of matrix products: ${enum}; auto is bfloat16 where the processor is fast at it." enum:"auto,float32,bfloat16" default:"auto" group:"How"`
	Shards           *int     `help:"Parts of a batch, one a core; results depend on it." placeholder:"N" group:"How"`

	Validations     *int `help:"How often the held-out text is measured, spread over the run; 20, and fewer where they would take too much of a budget." placeholder:"N" group:"Along the way"`
	CheckpointEvery int  `help:"Steps from one saved state to the next; once a minute unless given." placeholder:"STEPS" group:"Along the way"`
	Keep            int  `help:"Saved states to keep; the best weights are kept apart." default:"2" placeholder:"N" group:"Along the way"`
}
