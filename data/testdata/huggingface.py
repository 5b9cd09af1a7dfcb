"""Makes testdata/huggingface: tokenizer.json files that Hugging Face's library (tokenizers 0.23.3) wrote
itself, and the ids it gives a text with them. Those of characters, bytes and words it read from files of
WriteTokenizer; that of BPE it trained.

    python3 testdata/huggingface.py CHAR.json BYTE.json WORD.json    # written by WriteTokenizer
"""
import pathlib
import sys

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

folder = pathlib.Path(__file__).parent / "huggingface"
text = (folder / "text.txt").read_bytes().decode()


def write(kind, tokenizer, text):
    tokenizer.save(str(folder / f"{kind}.json"))
    encoding = tokenizer.encode(text)
    (folder / f"{kind}.ids").write_text(" ".join(map(str, encoding.ids)) + "\n")
    return tokenizer.decode(encoding.ids, skip_special_tokens=False)


for kind, path in zip(("char", "byte", "word"), sys.argv[1:]):
    decoded = write(kind, Tokenizer.from_file(path), text)
    assert kind != "byte" or decoded == text

bpe = Tokenizer(models.BPE())
bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
bpe.decoder = decoders.ByteLevel()
bpe.post_processor = processors.ByteLevel(trim_offsets=False)
bpe.train_from_iterator([text, pathlib.Path(__file__).read_text()], trainers.BpeTrainer(
    vocab_size=400, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), special_tokens=["<|endoftext|>"], show_progress=False))
bpe.add_tokens(["the", "the fox", AddedToken("fox!", normalized=False), "世"])
text = (folder / "bpe.txt").read_bytes().decode()
assert write("bpe", bpe, text).replace(" ", "") == text.replace(" ", "")
