#!/usr/bin/env python3
"""What a PyTorch user gets on this machine for the work of `inkling score`: the log-probability of each line, one line after the
other, by the same model.

Usage: python3 score.py --version | MODEL LINES
MODEL is the folder of a character model of LSTM layers with one-hot input, LINES a text file. Needs PyTorch, as pytorch.py does,
and nothing else: the weights are read by hand. Run by `go run ./bench score`, which trains the model and writes the lines;
prints one JSON array of rows, with the bits of the first lines, which must be those that Inkling finds.

A line is read from the state of zeros behind a line end, and its own line end is scored. The model runs over it at once, in
inference mode: that is what the loop `for line in lines: score(line)` does. Two rows: "as it comes", with every core and oneDNN,
and the "best" of a quick scan of both. Reading and writing the lines is not in the time, finding the tokens is.

gflops counts the products that are done: those with the one-hot input, which Inkling does not do, too.
"""
import itertools
import json
import os
import sys
import time

import torch

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
THREADS = int(os.environ.get("INKLING_THREADS") or CORES)
PEER = "torch " + torch.__version__.split("+")[0]
CHECKED = 100  # lines whose bits are printed, summed up
PROBE, MEASURED = 1.0, 10.0  # seconds


def tensors(path):
    """The tensors of a safetensors file, which are float32 here."""
    with open(path, "rb") as f:
        header = json.loads(f.read(int.from_bytes(f.read(8), "little")))
        raw = bytearray(f.read())
    found = {}
    for name, t in header.items():
        if name != "__metadata__":
            begin, end = t["data_offsets"]
            found[name] = torch.frombuffer(raw[begin:end], dtype=torch.float32).reshape(t["shape"])
    return found


class Model(torch.nn.Module):
    """Tokens [time] to logits [time, vocabulary]."""

    def __init__(self, folder):
        super().__init__()
        weights = tensors(os.path.join(folder, "model.safetensors"))
        vocab, self.hidden = weights["out.weight"].shape
        self.layers = sum(name.startswith("lstm.weight_hh") for name in weights)
        self.rnn = torch.nn.LSTM(vocab, self.hidden, self.layers)
        self.out = torch.nn.Linear(self.hidden, vocab)
        self.onehot = torch.nn.Embedding.from_pretrained(torch.eye(vocab))
        self.load_state_dict({name.replace("lstm.", "rnn.", 1): w for name, w in weights.items()}, strict=False)
        with open(os.path.join(folder, "tokenizer.json"), encoding="utf-8") as f:
            model = json.load(f)["model"]
        self.ids, self.unknown = model["vocab"], model["vocab"][model["unk_token"]]

    def bits(self, line):
        tokens = torch.tensor([self.ids.get(c, self.unknown) for c in "\n" + line + "\n"])
        h, _ = self.rnn(self.onehot(tokens[:-1]))
        logprobs = torch.log_softmax(self.out(h), -1).gather(1, tokens[1:, None])
        return -logprobs.sum().item() / 0.6931471805599453

    def flops(self):
        """Floating-point operations of the products of a token."""
        return 2 * sum(w.numel() for name, w in self.named_parameters() if "weight" in name and "onehot" not in name)


def rate(model, lines, limit):
    """Lines and characters a second, over as many lines as there is time for."""
    chars = done = 0
    start = time.perf_counter()
    while time.perf_counter() - start < limit:
        for line in lines[done % len(lines):][:20]:
            model.bits(line)
            chars += len(line) + 1
            done += 1
    seconds = time.perf_counter() - start
    return done / seconds, chars / seconds


def apply(setting):
    onednn, threads = setting
    torch.backends.mkldnn.enabled = onednn
    torch.set_num_threads(threads)


def main(folder, path):
    with open(path, encoding="utf-8", newline="\n") as f:
        lines = [line.rstrip("\n") for line in itertools.islice(f, 50_000)]
    model = Model(folder)
    rows = []
    with torch.inference_mode():
        checked = sum(model.bits(line) for line in lines[:CHECKED])
        settings = list(itertools.product((True, False), sorted({THREADS, 1}, reverse=True)))
        probed = []
        for setting in settings:
            apply(setting)
            probed.append(rate(model, lines, PROBE)[0])
        best = settings[probed.index(max(probed))]
        for setting, label in ((settings[0], "as it comes"), (best, "best: oneDNN " + ("on" if best[0] else "off"))):
            apply(setting)
            per_second, chars = rate(model, lines, MEASURED)
            rows.append(dict(name="score", value=per_second, unit="lines/s", gflops=chars * model.flops() * 1e-9, dtype="float32",
                             threads=setting[1], peer=PEER, setting=label, hidden=model.hidden, layers=model.layers,
                             checked=min(CHECKED, len(lines)), bits=checked))
            if best is settings[0]:
                break
    print(json.dumps(rows))


if sys.argv[1:] == ["--version"]:
    print(PEER)
else:
    main(*sys.argv[1:])
