"""Encodes and decodes texts with Hugging Face's library for Python, or trains a tokenizer if it is given none.
Standard input and output are JSON, as order and answer in libraries_test.go."""
import json
import sys

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

order = json.load(sys.stdin)
if order["tokenizer"]:
    theirs = Tokenizer.from_str(order["tokenizer"])
else:
    train = order["train"]
    theirs = Tokenizer(models.BPE())
    theirs.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=train["prefix"])
    theirs.decoder = decoders.ByteLevel()
    if train["prefix"]:
        theirs.post_processor = processors.ByteLevel(trim_offsets=True)
    theirs.train_from_iterator([train["text"]], trainers.BpeTrainer(
        vocab_size=train["size"], min_frequency=2, special_tokens=train["special"] or [], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    theirs.add_tokens([AddedToken(text, normalized=False) for text in train["added"] or []])
ids = [encoding.ids for encoding in theirs.encode_batch(order["texts"])]
decoded = [theirs.decode(i, skip_special_tokens=False) for i in ids]
json.dump({"ids": ids, "decoded": decoded, "tokenizer": theirs.to_str()}, sys.stdout)
