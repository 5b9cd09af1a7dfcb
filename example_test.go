package inkling_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"inkling/data"
	"inkling/decode"
	"inkling/lm"
	"inkling/train"
)

// Example trains a small model on a rhyme until it knows it by heart, and lets it go on from a prompt.
func Example() {
	text := strings.Repeat("the rain in spain stays mainly in the plain. ", 40)
	vocab, tokens := data.Chars(text)
	model, err := lm.New(lm.Config{Counts: vocab.Counts, Hidden: 48, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	windows, err := data.NewWindows(data.List(tokens), 8, 24, 1)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if _, err := train.Run(ctx, model, windows, train.Config{Steps: 200, Shards: 2, Options: train.Options{Rate: 0.01}}); err != nil {
		log.Fatal(err)
	}
	best, err := decode.Greedy{}.Decode(ctx, model, decode.Request{Prefix: vocab.Encode("the rain"), Length: 37, Piece: vocab.PieceAfter})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("the rain%s\n", best[0].Text)
	// Output: the rain in spain stays mainly in the plain.
}
