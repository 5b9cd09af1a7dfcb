#!/usr/bin/env python3
"""Known outputs from PyTorch for convolutions and transposed convolutions: writes pytorch_conv.json beside this script.

README: needs Python 3 and PyTorch, nothing else. The file here was written with PyTorch 1.13.1 (Debian 12's python3-torch, which
calls itself 1.13.0a0) by `/usr/bin/python3 tensor/testdata/pytorch_conv.py [FOLDER]` (default: the script's own folder).

- Inputs, parameters and the weights of the loss are float32 values. What is computed is computed in float64 from them, so a
  test measures the error of the code under test alone.
- Everything is in PyTorch's own order: images [n,c,h,w], weights [out,in,k,k] of a convolution and [in,out,k,k] of a transposed one.
- "grads" are those of the sum over all outputs of weights * outputs.
- "height", "width" and "channels" are of the images that a convolution looks at and a transposed one makes: output padding of the
  latter is what is needed to make them.
"""
import json
import os
import sys

import torch

FOLDER = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))

#        transpose, n, height, width, channels, other, kernel, stride, pad
CASES = [
    (False, 2, 7, 7, 3, 4, 4, 2, 1),
    (False, 1, 6, 9, 2, 3, 3, 3, 0),
    (False, 2, 5, 4, 1, 2, 3, 1, 1),
    (True, 2, 7, 7, 2, 3, 3, 2, 1),
    (True, 1, 8, 6, 3, 2, 4, 2, 1),
    (True, 2, 8, 9, 2, 2, 3, 3, 0),
]


def draw(generator, *shape):
    """Numbers that are exactly float32 in nine digits, held as float64, to be differentiated by."""
    return torch.randn(*shape, generator=generator).double().requires_grad_()


def flat(x, digits):
    return [float(f"{v:.{digits}g}") for v in x.detach().reshape(-1).tolist()]


def case(seed, transpose, n, height, width, channels, other, kernel, stride, pad):
    g = torch.Generator().manual_seed(seed)
    rows, cols = (height + 2 * pad - kernel) // stride + 1, (width + 2 * pad - kernel) // stride + 1
    weight = draw(g, other, channels, kernel, kernel)
    if transpose:
        x, bias = draw(g, n, other, rows, cols), draw(g, channels)
        extra = ((height + 2 * pad - kernel) % stride, (width + 2 * pad - kernel) % stride)
        y = torch.nn.functional.conv_transpose2d(x, weight, bias, stride=stride, padding=pad, output_padding=extra)
        assert y.shape == (n, channels, height, width)
    else:
        x, bias = draw(g, n, channels, height, width), draw(g, other)
        y = torch.nn.functional.conv2d(x, weight, bias, stride=stride, padding=pad)
        assert y.shape == (n, other, rows, cols)
    loss = draw(g, *y.shape).detach()
    (loss * y).sum().backward()
    return {
        "transpose": transpose, "n": n, "height": height, "width": width, "channels": channels, "other": other,
        "kernel": kernel, "stride": stride, "pad": pad,
        "x": flat(x, 9), "weight": flat(weight, 9), "bias": flat(bias, 9), "weights": flat(loss, 9), "y": flat(y, 9),
        "grads": {"x": flat(x.grad, 9), "weight": flat(weight.grad, 9), "bias": flat(bias.grad, 9)},
    }


with open(os.path.join(FOLDER, "pytorch_conv.json"), "w") as f:
    json.dump([case(i, *c) for i, c in enumerate(CASES)], f)
    f.write("\n")
