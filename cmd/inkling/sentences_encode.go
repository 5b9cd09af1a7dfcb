package main

// sentences writes what lines come to.
func (e *encodeCmd) sentences(a *app) error {
	if e.Part != "" {
		return usage("--part is for pictures, and %s is of sentences: leave it out", e.Dir)
	}
	if err := check(bound{"--limit", &e.Limit, 0, unbounded}); err != nil {
		return err
	}
	kind, err := e.kind()
	if err != nil {
		return err
	}
	var l sentenceLines
	if err := l.read(a, e.Path, e.Limit); err != nil {
		return err
	}
	m, err := openSentences(a, e.Dir, l.encode, 0)
	if err != nil {
		return err
	}
	if m.Sentences.Point && e.Deviations {
		return usage("--deviations: %s is an auto-encoder, whose z is a point: leave it out", e.Dir)
	}
	l.tell(a, m.vocab)
	return e.write(a, kind, m.Model.Model, l.tokens)
}
