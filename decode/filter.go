package decode

// A Filter changes which tokens may be next in sampling, and how likely they are. One is made per
// call of Decode and used for all samples, so it keeps nothing from token to token.
type Filter interface {
	// Check says what is wrong with the filter's options.
	Check() error
	// Apply changes scores, or takes candidates from the list, but not the last that is possible. It
	// neither adds any nor depends on their order.
	Apply(c *Candidates)
}

// A FilterKind is one of the filters.
type FilterKind struct {
	Name, Doc string
	of        func(Sample) Filter // nil if the options leave it out
}

// filters is in the order in which they are applied, which is llama.cpp's: what is unlikely for the
// model itself is cut off first, so that a high temperature cannot bring it back. Hugging Face's
// transformers apply the temperature before the cuts; with a temperature of 1 there is no difference.
var filters = []FilterKind{
	{"repeat_penalty", "makes tokens that were there lately less likely", repeatPenaltyOf},
	{"top_k", "leaves the k likeliest tokens", topKOf},
	{"top_p", "leaves the likeliest tokens that together have probability p", topPOf},
	{"min_p", "leaves tokens at least p times as likely as the likeliest", minPOf},
	{"temp", "temperature: below 1 prefers likely tokens more, above 1 less", temperatureOf},
}

// Filters lists the filters of [Sample] in the order in which they are applied.
func Filters() []FilterKind { return filters }
