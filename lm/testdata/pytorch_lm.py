#!/usr/bin/env python3
"""Known outputs from PyTorch for recurrent language models and the optimizers: writes the JSON files beside this script.

README: needs Python 3 and PyTorch, nothing else. The files here were written with PyTorch 1.13.1 (Debian 12's
python3-torch, which calls itself 1.13.0a0) and Python 3.11 by `/usr/bin/python3 lm/testdata/pytorch_lm.py [FOLDER]`
(default: the script's own folder). PyTorch 2.15 draws the same numbers and agrees with all of them to 1e-15
of their size.

What is in them
- Parameters, states, weights and gradients fed in are float32 values, written with nine digits, which read back as the
  same float32. Everything computed is computed in float64 from those values and written in full, so a test measures
  the error of the code under test alone.
- A tensor is {"shape": [...], "data": [...]}, row-major, under PyTorch's own name: lstm.weight_ih_l0 is
  [4*hidden, input], with the gates in the order input, forget, cell, output; gru.weight_ih_l0 is [3*hidden, input], reset,
  update, new.
- A GRU has no "c0" and "cn". With "norm" a torch.nn.LayerNorm stands after each layer, on what goes to the next layer or
  out, not on the state.
- Positions are time-major: row t*lanes+b of "logits" is time t of lane b, and so are "inputs", "targets", "weights".
- "loss" is the sum over positions of weights[i] * (-log softmax(logits[i])[targets[i]]), in nats; "grads" are its
  gradients. "hn" and "cn" are [layers, lanes, hidden] like "h0" and "c0".
- With "onehot" the input of the LSTM is the one-hot vector of the token (there is no embed.weight); with "tied" the
  output matrix is the embedding itself: there is no out.weight, and the gradient of embed.weight has both parts.
- optim.json: "cases" are optimizers under PyTorch's option names (max_norm 0 is no clipping; else "norms" are the norms
  before clipping), each with the weights after every step of "grads"; "clip" is clip_grad_norm_ alone, on grads[step].
"""
import json
import os
import sys

import torch
import torch.nn.functional as F

FOLDER = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
VERSION = f"torch {torch.__version__}"


def draw(generator, *shape, scale=1.0):
    """Normal numbers that are exactly float32, held as float64."""
    return (torch.randn(*shape, generator=generator) * scale).double()


def inputs32(x):
    """A tensor whose values are float32, with as many digits as a float32 has."""
    return {"shape": list(x.shape), "data": [float(f"{v:.9g}") for v in x.detach().reshape(-1).tolist()]}


def full(x):
    """A tensor of float64, with all digits."""
    return {"shape": list(x.shape), "data": x.detach().reshape(-1).tolist()}


def write(name, value):
    path = os.path.join(FOLDER, name)
    with open(path, "w") as f:
        json.dump(value, f, indent=None, separators=(",", ":"))
        f.write("\n")
    print(f"{name}: {os.path.getsize(path)} bytes")


def language_model(name, seed, vocab, hidden, layers, lanes, time, embed=0, tied=False, zero_state=False, cell="lstm", norm=False):
    """One model, one chunk of text, its loss and gradients. embed 0 means one-hot input."""
    gen = torch.Generator().manual_seed(seed)
    width = embed or vocab
    rnn = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell](width, hidden, num_layers=layers).double()
    params = {}
    if embed:
        params["embed.weight"] = draw(gen, vocab, embed, scale=0.7)
    for key, p in rnn.named_parameters():
        params[f"{cell}.{key}"] = draw(gen, *p.shape, scale=0.6)
    for k in range(layers if norm else 0):
        params[f"{cell}.norm_l{k}.weight"] = draw(gen, hidden)
        params[f"{cell}.norm_l{k}.bias"] = draw(gen, hidden)
    if not tied:
        params["out.weight"] = draw(gen, vocab, hidden, scale=0.7)
    params["out.bias"] = draw(gen, vocab, scale=0.5)
    for p in params.values():
        p.requires_grad_()

    h0 = torch.tanh(draw(gen, layers, lanes, hidden)).float().double()
    c0 = draw(gen, layers, lanes, hidden, scale=1.5)
    if zero_state:
        h0, c0 = torch.zeros_like(h0), torch.zeros_like(c0)
    inputs = torch.randint(vocab, (time, lanes), generator=gen)
    targets = torch.randint(vocab, (time, lanes), generator=gen)
    # Weights of every kind: one, a fraction, above one, and none at all.
    kinds = torch.tensor([1.0, 0.25, 0.0, 1.0, 1.5, 1.0])
    weights = kinds[torch.arange(time * lanes) % len(kinds)].double()

    x = F.embedding(inputs, params["embed.weight"]) if embed else F.one_hot(inputs, vocab).double()
    # The functional form of each layer, so that the gradients land in params.
    y, hn, cn = x, [], []
    for k in range(layers):
        flat = [params[f"{cell}.{what}_l{k}"] for what in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
        if cell == "gru":
            y, h = torch._VF.gru(y, h0[k:k + 1], flat, True, 1, 0.0, True, False, False)
        else:
            y, h, c = torch._VF.lstm(y, (h0[k:k + 1], c0[k:k + 1]), flat, True, 1, 0.0, True, False, False)
            cn.append(c)
        hn.append(h)
        if norm:
            y = F.layer_norm(y, (hidden,), params[f"{cell}.norm_l{k}.weight"], params[f"{cell}.norm_l{k}.bias"])
    out_weight = params["embed.weight"] if tied else params["out.weight"]
    logits = F.linear(y.reshape(time * lanes, hidden), out_weight, params["out.bias"])
    loss = (F.cross_entropy(logits, targets.reshape(-1), reduction="none") * weights).sum()
    loss.backward()

    states = {"h0": inputs32(h0), "hn": full(torch.cat(hn))}
    if cell == "lstm":
        states.update({"c0": inputs32(c0), "cn": full(torch.cat(cn))})
    write(name + ".json", {
        "made_with": VERSION, "cell": cell, "vocab": vocab, "embed": embed, "hidden": hidden, "layers": layers,
        "lanes": lanes, "time": time, "onehot": not embed, "tied": tied, "norm": norm,
        "params": {key: inputs32(p) for key, p in params.items()},
        "inputs": inputs.reshape(-1).tolist(), "targets": targets.reshape(-1).tolist(), "weights": weights.tolist(),
        "logits": full(logits), "loss": loss.item(),
        "grads": {key: full(p.grad) for key, p in params.items()},
        **states,
    })


def optimizers(name, seed=5, steps=5):
    """Three parameters under each optimizer for a few steps of given gradients: the weights after every step."""
    gen = torch.Generator().manual_seed(seed)
    shapes = {"a": (3, 4), "b": (5,), "c": (2, 9)}
    start = {key: draw(gen, *shape) for key, shape in shapes.items()}
    # Gradients of very different sizes from step to step; one parameter has an exact zero in every gradient.
    sizes = [0.3, 2.0, 0.01, 1.0, 5.0]
    grads = [{key: draw(gen, *shape, scale=sizes[step]) for key, shape in shapes.items()} for step in range(steps)]
    for g in grads:
        g["b"][2] = 0.0
        for key in g:
            g[key] = g[key].float().double()

    cases = {
        "adam": (torch.optim.Adam, dict(lr=0.01, betas=(0.9, 0.999), eps=1e-8)),
        "adam_l2": (torch.optim.Adam, dict(lr=0.02, betas=(0.8, 0.95), eps=1e-4, weight_decay=0.1)),
        "adamw": (torch.optim.AdamW, dict(lr=0.02, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.25)),
        "sgd": (torch.optim.SGD, dict(lr=0.1)),
        "momentum": (torch.optim.SGD, dict(lr=0.1, momentum=0.9)),
        "momentum_l2": (torch.optim.SGD, dict(lr=0.05, momentum=0.8, weight_decay=0.1)),
        "rmsprop": (torch.optim.RMSprop, dict(lr=0.01, alpha=0.99, eps=1e-8)),
        "rmsprop_l2": (torch.optim.RMSprop, dict(lr=0.01, alpha=0.9, eps=1e-4, weight_decay=0.1)),
    }
    result = []
    for case, (kind, options) in cases.items():
        for max_norm in (None, 1.0):
            params = {key: p.clone().requires_grad_() for key, p in start.items()}
            opt = kind(list(params.values()), **options)
            after, norms = [], []
            for g in grads:
                for key, p in params.items():
                    p.grad = g[key].clone()
                if max_norm:
                    norms.append(float(torch.nn.utils.clip_grad_norm_(list(params.values()), max_norm)))
                opt.step()
                after.append({key: full(p) for key, p in params.items()})
            entry = {"name": case, "options": {"max_norm": max_norm or 0.0, **options}, "weights": after}
            if max_norm:
                entry["norms"] = norms
            result.append(entry)

    clip = []
    for max_norm in (0.5, 3.0, 1e9):
        for g in (grads[0], grads[4]):
            params = {key: p.clone().requires_grad_() for key, p in start.items()}
            for key, p in params.items():
                p.grad = g[key].clone()
            norm = torch.nn.utils.clip_grad_norm_(list(params.values()), max_norm)
            clip.append({"max_norm": max_norm, "step": 0 if g is grads[0] else 4, "norm": float(norm),
                         "clipped": {key: full(p.grad) for key, p in params.items()}})

    write(name + ".json", {
        "made_with": VERSION, "start": {key: inputs32(p) for key, p in start.items()},
        "grads": [{key: inputs32(p) for key, p in g.items()} for g in grads],
        "cases": result, "clip": clip,
    })


language_model("lstm_embed", seed=1, vocab=11, embed=7, hidden=9, layers=2, lanes=3, time=5)
language_model("lstm_onehot", seed=2, vocab=10, hidden=8, layers=1, lanes=2, time=6)
language_model("lstm_tied", seed=3, vocab=11, embed=8, hidden=8, layers=2, lanes=3, time=5, tied=True)
language_model("lstm_one_lane", seed=4, vocab=6, embed=5, hidden=7, layers=1, lanes=1, time=9, zero_state=True)
language_model("gru_embed", seed=6, vocab=11, embed=7, hidden=9, layers=2, lanes=3, time=5, cell="gru")
language_model("gru_onehot", seed=7, vocab=10, hidden=8, layers=1, lanes=2, time=6, cell="gru")
language_model("gru_tied_norm", seed=8, vocab=11, embed=8, hidden=8, layers=2, lanes=3, time=5, tied=True, cell="gru", norm=True)
language_model("lstm_norm", seed=9, vocab=11, embed=5, hidden=8, layers=2, lanes=2, time=6, norm=True)
optimizers("optim")
