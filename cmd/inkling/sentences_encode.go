package main

// sentences writes what lines come to.
func (e *encodeCmd) sentences(a *app) error {
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
	l.tell(a, m.vocab)
	return e.write(a, m.Model.Model, l.tokens, "sentences", kind, func(i int) encoded { return encoded{Index: i} })
}
