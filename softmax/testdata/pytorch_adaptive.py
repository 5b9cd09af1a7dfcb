#!/usr/bin/env python3
"""Known values from PyTorch for the adaptive softmax: writes the JSON files beside this script.

README: needs Python 3 and PyTorch, nothing else. The files here were written with PyTorch 1.13.1 (Debian 12's
python3-torch, which calls itself 1.13.0a0) by `/usr/bin/python3 softmax/testdata/pytorch_adaptive.py [FOLDER]` (default: the
script's own folder).

- Parameters, hidden vectors and weights are float32 values. What is computed is computed in float64 from them, so a test
  measures the error of the code under test alone.
- A tensor is its values, row-major, under PyTorch's own name with "out." before it. Words are in order of frequency.
- "losses" has the negative log-probability of each row's word, "loss" is the sum of weights * losses, "grads" are its
  gradients, those of "h" included. "log_probs" has all words of all rows.
"""
import json
import os
import sys

import torch

FOLDER = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))


def draw(generator, *shape, scale=1.0):
    """Normal numbers that are exactly float32, held as float64, to be differentiated by."""
    return (torch.randn(*shape, generator=generator) * scale).double().requires_grad_()


def inputs32(x):
    return [float(f"{v:.9g}") for v in x.detach().reshape(-1).tolist()]


def adaptive(name, seed, dim, vocab, cutoffs, div, bias, rows):
    gen = torch.Generator().manual_seed(seed)
    layer = torch.nn.AdaptiveLogSoftmaxWithLoss(dim, vocab, cutoffs, div_value=div, head_bias=bias).double()
    with torch.no_grad():
        for p in layer.parameters():
            p.copy_(draw(gen, *p.shape, scale=0.5))
    h, weights = draw(gen, rows, dim), draw(gen, rows).detach().abs().float().double()
    words = torch.randint(vocab, (rows,), generator=gen)
    words[0], words[1] = 0, vocab - 1
    losses = -layer(h, words).output
    loss = (weights * losses).sum()
    loss.backward()
    leaves = {**{"out." + key: p for key, p in layer.named_parameters()}, "h": h}
    result = {
        "made_with": f"torch {torch.__version__}", "dim": dim, "vocab": vocab, "cutoffs": cutoffs, "div_value": div, "head_bias": bias,
        "params": {key: inputs32(p) for key, p in leaves.items() if key != "h"},
        "h": inputs32(h), "words": words.tolist(), "weights": inputs32(weights),
        "losses": losses.tolist(), "loss": loss.item(), "log_probs": layer.log_prob(h).reshape(-1).tolist(),
        "grads": {key: p.grad.reshape(-1).tolist() for key, p in leaves.items()},
    }
    path = os.path.join(FOLDER, name + ".json")
    with open(path, "w") as f:
        json.dump(result, f, indent=None, separators=(",", ":"))
        f.write("\n")
    print(f"{name}: {os.path.getsize(path)} bytes")


adaptive("adaptive_two", seed=21, dim=12, vocab=30, cutoffs=[7, 15], div=2.0, bias=False, rows=11)
adaptive("adaptive_bias", seed=22, dim=16, vocab=23, cutoffs=[3, 8, 14], div=2.5, bias=True, rows=9)
adaptive("adaptive_one", seed=23, dim=5, vocab=9, cutoffs=[8], div=1.5, bias=False, rows=6)
