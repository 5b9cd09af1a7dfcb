#!/usr/bin/env python3
"""Known outputs from PyTorch for the recurrent layers and layer normalization: writes the JSON files beside this script.

README: needs Python 3 and PyTorch, nothing else. The files here were written with PyTorch 1.13.1 (Debian 12's
python3-torch, which calls itself 1.13.0a0) by `/usr/bin/python3 nn/testdata/pytorch_recurrent.py [FOLDER]` (default: the
script's own folder).

- Parameters, inputs, states and the weights of the loss are float32 values. What is computed is computed in float64 from
  them, so a test measures the error of the code under test alone.
- A tensor is its values, row-major, under PyTorch's own name. Positions are time-major: row t*lanes+lane.
- "loss" is the sum over all outputs of weights * outputs; "grads" are its gradients, those of "x" and "h0" included.
  The state after the last step is in the loss by the last outputs alone.
- With "norm" a torch.nn.LayerNorm stands after each layer, on what goes to the next layer or out, not on the state.
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


def stack(name, seed, cell, inputs, hidden, layers, lanes, time, norm=False):
    gen = torch.Generator().manual_seed(seed)
    params, width = {}, inputs
    x, h = draw(gen, time, lanes, inputs), draw(gen, layers, lanes, hidden, scale=0.6)
    y, last = x, []
    for k in range(layers):
        layer = {"gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[cell](width, hidden).double()
        own = {key: draw(gen, *p.shape, scale=0.5) for key, p in layer.named_parameters()}
        params.update({"rnn." + key.replace("_l0", f"_l{k}"): p for key, p in own.items()})
        # The functional form, so that the gradients land in params.
        flat = list(own.values())
        if cell == "gru":
            y, hn = torch._VF.gru(y, h[k:k + 1], flat, True, 1, 0.0, True, False, False)
        else:
            y, hn, _ = torch._VF.lstm(y, (h[k:k + 1], torch.zeros_like(h[k:k + 1])), flat, True, 1, 0.0, True, False, False)
        last.append(hn)
        if norm:
            gain, bias = draw(gen, hidden), draw(gen, hidden)
            params[f"rnn.norm_l{k}.weight"], params[f"rnn.norm_l{k}.bias"] = gain, bias
            y = torch.nn.functional.layer_norm(y, (hidden,), gain, bias)
        width = hidden
    weights = draw(gen, time, lanes, hidden)
    loss = (weights * y).sum()
    loss.backward()
    leaves = {**params, "x": x, "h0": h}
    result = {
        "made_with": f"torch {torch.__version__}", "cell": cell, "in": inputs, "hidden": hidden, "layers": layers,
        "lanes": lanes, "time": time, "norm": norm,
        "params": {key: inputs32(p) for key, p in params.items()}, "x": inputs32(x), "h0": inputs32(h), "weights": inputs32(weights),
        "outputs": y.detach().reshape(-1).tolist(), "hn": torch.cat(last).detach().reshape(-1).tolist(), "loss": loss.item(),
        "grads": {key: p.grad.reshape(-1).tolist() for key, p in leaves.items()},
    }
    path = os.path.join(FOLDER, name + ".json")
    with open(path, "w") as f:
        json.dump(result, f, indent=None, separators=(",", ":"))
        f.write("\n")
    print(f"{name}: {os.path.getsize(path)} bytes")


stack("gru_two", seed=11, cell="gru", inputs=5, hidden=9, layers=2, lanes=3, time=5)
stack("gru_one_lane", seed=12, cell="gru", inputs=3, hidden=7, layers=1, lanes=1, time=8)
stack("gru_norm", seed=13, cell="gru", inputs=4, hidden=8, layers=2, lanes=2, time=4, norm=True)
stack("lstm_norm", seed=14, cell="lstm", inputs=4, hidden=8, layers=2, lanes=2, time=4, norm=True)
