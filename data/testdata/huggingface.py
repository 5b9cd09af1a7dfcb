"""Makes testdata/huggingface: tokenizer.json files that Hugging Face's library (tokenizers 0.23.3) wrote
itself from files of WriteTokenizer, and the ids it gives a text with them.

    python3 testdata/huggingface.py CHAR.json BYTE.json    # written by WriteTokenizer
"""
import pathlib
import sys

from tokenizers import Tokenizer

folder = pathlib.Path(__file__).parent / "huggingface"
text = (folder / "text.txt").read_bytes().decode()
for kind, path in zip(("char", "byte"), sys.argv[1:]):
    tokenizer = Tokenizer.from_file(path)
    tokenizer.save(str(folder / f"{kind}.json"))
    encoding = tokenizer.encode(text)
    (folder / f"{kind}.ids").write_text(" ".join(map(str, encoding.ids)) + "\n")
    if kind == "byte":
        assert tokenizer.decode(encoding.ids) == text
