#!/usr/bin/env python3
"""What a PyTorch user gets on this machine for the work that `inkling bench` measures.

Usage: python3 pytorch.py --version | matmul | lstm-train | wordlm-train | lstm-generate | lstm-beam ...
Needs PyTorch: Debian's python3-torch (1.13), or any later one. Run by `go run ./bench`, which alternates it with
Inkling; prints one JSON array of rows with the same keys as `inkling bench --json`, and "peer", "setting".

What is measured, each as the median of several runs on random data:
- matmul: torch.matmul into a given output, C[m,n] = A[m,k]·B[k,n], stored as such (nn), or with B (nt) or A (tn)
  transposed.
- lstm-train: a whole step of a character model (65 symbols): forward over all time steps, cross-entropy, backward,
  clipping by global norm, Adam.
- wordlm-train: a whole step of a model of words with the adaptive softmax: forward over all time steps, loss, backward,
  plain SGD. Words are drawn by Zipf's law. In float32.
- lstm-generate: one stream, a character at a time: the model, softmax, multinomial.
- lstm-beam: beam search on tensors: the beginnings are one batch, the best are the top of their flattened scores, states are
  picked by index. In float32.
Both dtypes that Inkling has are given: float32, and bfloat16, which is autocast in training and bfloat16 weights in
generation.

The LSTM cases are reported twice: "as it comes", which is what the usual program does (an embedding as wide as the hidden
layer, every core, oneDNN on), and the "best" that a quick scan of settings finds: a one-hot input (a smaller product),
oneDNN off (its LSTM is slow in float32 on some processors), one thread (for one stream). Of lstm-beam also what a step of the model
is: nn.LSTM over a sequence of one, nn.LSTMCell, or plain tensor operations, in which a one-hot input is a lookup as it is in Inkling.

gflops counts the products that are done: 2·weights a character forward, as much again for each of the two backward
products, none for the gradient of the model's input, none for the embedding's lookup.
"""
import contextlib
import itertools
import json
import os
import sys
import time

import torch

F = torch.nn.functional
VOCAB = 65
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
THREADS = int(os.environ.get("INKLING_THREADS") or CORES)
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
PEER = "torch " + torch.__version__.split("+")[0]
rows = []


def seconds(step):
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def median_seconds(step, runs, limit=20.0):
    """The median of runs after one to warm up; of fewer, but at least one, where they take longer than limit seconds."""
    spent, times = seconds(step), []
    while len(times) < runs and (not times or spent < limit):
        times.append(seconds(step))
        spent += times[-1]
    return sorted(times)[len(times) // 2]


def report(name, value, unit, gflops, dtype, threads, setting, **shape):
    rows.append(dict(name=name, value=value, unit=unit, gflops=gflops, dtype=dtype, threads=threads, peer=PEER,
                     setting=setting, **shape))


def matmul():
    torch.set_num_threads(THREADS)
    products = ((1024, 1024, 1024, "nn"), (1024, 1024, 1024, "nt"), (1024, 1024, 1024, "tn"),
                (3200, 2048, 512, "nn"), (2048, 512, 3200, "tn"))
    for dtype, (m, n, k, form) in itertools.product(DTYPES, products):
        a = torch.randn(*((k, m) if form == "tn" else (m, k))).to(DTYPES[dtype])
        b = torch.randn(*((n, k) if form == "nt" else (k, n))).to(DTYPES[dtype])
        c = torch.empty(m, n, dtype=DTYPES[dtype])
        left, right = a.t() if form == "tn" else a, b.t() if form == "nt" else b
        s = median_seconds(lambda: torch.matmul(left, right, out=c), 21)
        gflops = 2e-9 * m * n * k / s
        report("matmul", gflops, "GFLOP/s", gflops, dtype, THREADS, "as it comes", m=m, n=n, k=k, form=form)


class CharLM(torch.nn.Module):
    """Tokens [time, batch] to logits, through an embedding or a one-hot input."""

    def __init__(self, hidden, layers, onehot):
        super().__init__()
        self.embed = torch.nn.Embedding.from_pretrained(torch.eye(VOCAB)) if onehot else torch.nn.Embedding(VOCAB, hidden)
        self.rnn = torch.nn.LSTM(VOCAB if onehot else hidden, hidden, layers)
        self.out = torch.nn.Linear(hidden, VOCAB)

    def forward(self, x, state=None):
        y, state = self.rnn(self.embed(x), state)
        return self.out(y), state

    def weights(self):
        """How many weights are multiplied for a character, and how many of them meet the model's input."""
        matrices = [p.numel() for name, p in self.named_parameters() if "weight" in name and "embed" not in name]
        return sum(matrices), self.rnn.weight_ih_l0.numel()


class Setting:
    """One way to run the same model; the first that settings() gives is how a program usually comes."""

    def __init__(self, onehot, onednn, threads):
        self.onehot, self.onednn, self.threads = onehot, onednn, threads

    def apply(self):
        torch.set_num_threads(self.threads)
        torch.backends.mkldnn.enabled = self.onednn

    def __str__(self):
        parts = ["one-hot input" if self.onehot else "embedding", "oneDNN " + ("on" if self.onednn else "off")]
        return ", ".join(parts)


def settings(threads):
    return [Setting(*s) for s in itertools.product((False, True), (True, False), threads)]


def fastest(ways, probe):
    """The one of ways whose probe is done first. The first run of a probe also sets things up, so that the second
    counts; where even the first took several times as long as the best so far, there is no second."""
    best, least = None, float("inf")
    for way in ways:
        run = probe(way)
        s = seconds(run)
        if s < 4 * least:
            s = seconds(run)
        if s < least:
            best, least = way, s
    return best


def usual_and_best(name, dtype, ways, probe, measure, **shape):
    """Reports the first of ways, and the fastest where that is another one."""
    best = fastest(ways, probe)
    for way, label in ((ways[0], "as it comes"), (best, f"best: {best}")):
        per_second, flops = measure(way)
        report(name, per_second, "chars/s", flops * per_second * 1e-9, dtype, way.threads, label, **shape)
        if best is ways[0]:
            break


def training_step(way, dtype, hidden, layers, batch, time_steps):
    """A function that does one step, and the floating-point operations of a character in it."""
    way.apply()
    model = CharLM(hidden, layers, way.onehot)
    params = [p for p in model.parameters() if p.requires_grad]
    opt = torch.optim.Adam(params, 2e-3)
    x = torch.randint(VOCAB, (time_steps + 1, batch))

    def step():
        opt.zero_grad(set_to_none=True)
        mixed = torch.autocast("cpu", dtype=torch.bfloat16) if dtype == "bfloat16" else contextlib.nullcontext()
        with mixed:
            logits, _ = model(x[:-1])
        loss = F.cross_entropy(logits.float().reshape(-1, VOCAB), x[1:].reshape(-1))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(params, 5.0)
        opt.step()

    every, first = model.weights()
    return step, 6 * every - (2 * first if way.onehot else 0)


def lstm_train():
    for (hidden, layers, batch, time_steps), dtype in itertools.product(((512, 2, 64, 100), (128, 2, 50, 100)), DTYPES):
        def probe(way):
            return training_step(way, dtype, hidden, layers, batch, 20)[0]

        def measure(way):
            step, flops = training_step(way, dtype, hidden, layers, batch, time_steps)
            return batch * time_steps / median_seconds(step, 3), flops

        usual_and_best("lstm-train", dtype, settings([THREADS]), probe, measure,
                       hidden=hidden, layers=layers, batch=batch, time=time_steps)


def generation(way, dtype, hidden, layers, chars):
    """A function that writes chars characters, and the floating-point operations of one."""
    way.apply()
    model = CharLM(hidden, layers, way.onehot).to(DTYPES[dtype])

    def run():
        with torch.inference_mode():
            x, state = torch.zeros(1, 1, dtype=torch.long), None
            for _ in range(chars):
                logits, state = model(x, state)
                x = torch.multinomial(torch.softmax(logits[-1].float(), -1), 1)

    return run, 2 * model.weights()[0]


def lstm_generate(hidden=512, layers=2):
    for dtype in DTYPES:
        def probe(way):
            return generation(way, dtype, hidden, layers, 50)[0]

        def measure(way):
            run, flops = generation(way, dtype, hidden, layers, 300)
            return 300 / median_seconds(run, 3), flops

        usual_and_best("lstm-generate", dtype, settings(sorted({THREADS, 1}, reverse=True)), probe, measure,
                       hidden=hidden, layers=layers, batch=1)


class Steps:
    """A character model a step at a time: tokens [n] and the state to log-probabilities [n, VOCAB] and the state after. A
    state is a list of tensors whose first or second dimension is n, which is dim."""

    def __init__(self, way, hidden, layers):
        self.way, self.model, self.layers = way, CharLM(hidden, layers, way.onehot), layers
        self.dim = 1 if way.step == "nn.LSTM" else 0
        weights = [[getattr(self.model.rnn, f"{name}_l{k}").detach() for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
                   for k in range(layers)]
        self.zeros = torch.zeros(1, hidden)
        self.cells = []
        for w_ih, w_hh, b_ih, b_hh in weights:
            cell = torch.nn.LSTMCell(w_ih.shape[1], hidden)
            cell.load_state_dict(dict(weight_ih=w_ih, weight_hh=w_hh, bias_ih=b_ih, bias_hh=b_hh))
            self.cells.append(cell)
        self.by_hand = [(w_ih.t().contiguous(), w_hh.t().contiguous(), b_ih + b_hh) for w_ih, w_hh, b_ih, b_hh in weights]
        self.table = self.model.embed.weight.detach() @ self.by_hand[0][0] + self.by_hand[0][2]

    def start(self):
        if self.way.step == "nn.LSTM":
            return [self.zeros.expand(self.layers, *self.zeros.shape)] * 2
        return [self.zeros] * (2 * self.layers)

    def __call__(self, tokens, state):
        if self.way.step == "nn.LSTM":
            logits, state = self.model(tokens[None], tuple(state))
            return torch.log_softmax(logits[0], -1), state
        after, x = [], self.model.embed(tokens) if self.way.step == "nn.LSTMCell" else None
        for k in range(self.layers):
            h, c = state[2 * k:2 * k + 2]
            if self.way.step == "nn.LSTMCell":
                h, c = self.cells[k](x, (h, c))
            else:
                w_ih, w_hh, bias = self.by_hand[k]
                pre = self.table.index_select(0, tokens) if k == 0 else torch.addmm(bias, x, w_ih)
                i, f, g, o = torch.addmm(pre, h, w_hh).chunk(4, 1)
                c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
                h = torch.sigmoid(o) * torch.tanh(c)
            after += [h, c]
            x = h
        return torch.log_softmax(self.model.out(x), -1), after


def beam_search(steps, width, length):
    """The likeliest tokens of a beam, and their log-probability."""
    with torch.inference_mode():
        tokens, scores, state, way = torch.zeros(1, dtype=torch.long), torch.zeros(1), steps.start(), []
        for _ in range(length):
            logp, state = steps(tokens, state)
            scores, at = (scores[:, None] + logp).flatten().topk(width)
            parents, tokens = torch.div(at, VOCAB, rounding_mode="floor"), at % VOCAB
            state = [s.index_select(steps.dim, parents) for s in state]
            way.append((parents, tokens))
        best, at = [], 0
        for parents, tokens in reversed(way):
            best.append(tokens[at].item())
            at = parents[at].item()
    return best[::-1], scores[0].item()


class BeamSetting(Setting):
    def __init__(self, step, *others):
        super().__init__(*others)
        self.step = step

    def __str__(self):
        return f"{self.step}, {super().__str__()}"


def lstm_beam(hidden=512, layers=2, width=8, length=200):
    ways = [BeamSetting(*w) for w in itertools.product(
        ("nn.LSTM", "nn.LSTMCell", "tensor operations"), (False, True), (True, False), sorted({THREADS, 1}, reverse=True))]

    def probe(way):
        way.apply()
        steps = Steps(way, hidden, layers)
        return lambda: beam_search(steps, width, 40)

    def measure(way):
        way.apply()
        steps = Steps(way, hidden, layers)
        every, first = steps.model.weights()
        products = every - (first if way.step == "tensor operations" else 0)
        return length / median_seconds(lambda: beam_search(steps, width, length), 5), 2 * width * products

    usual_and_best("lstm-beam", "float32", ways, probe, measure, hidden=hidden, layers=layers, batch=width)


def wordlm_train(hidden=512, embed=256, batch=32, time_steps=35):
    torch.set_num_threads(THREADS)
    for vocab, cutoffs in ((33278, [2000, 10000]), (267735, [4000, 40000, 200000])):
        table, rnn = torch.nn.Embedding(vocab, embed), torch.nn.LSTM(embed, hidden)
        out = torch.nn.AdaptiveLogSoftmaxWithLoss(hidden, vocab, cutoffs)
        opt = torch.optim.SGD([p for m in (table, rnn, out) for p in m.parameters()], 1e-4)
        zipf = 1 / torch.arange(1, vocab + 1).float()
        x = torch.multinomial(zipf, batch * (time_steps + 1), replacement=True).reshape(time_steps + 1, batch)

        def step():
            opt.zero_grad(set_to_none=True)
            h, _ = rnn(table(x[:-1]))
            out(h.reshape(-1, hidden), x[1:].reshape(-1)).loss.backward()
            opt.step()

        s = median_seconds(step, 5)
        report("wordlm-train", batch * time_steps / s, "words/s", 0, "float32", THREADS, f"cut-offs {cutoffs}", arch="lstm",
               hidden=hidden, layers=1, batch=batch, time=time_steps, vocab=vocab, output="adaptive")


def vae_train(hidden=400, latent=20, batch=128, inputs=784):
    torch.set_num_threads(THREADS)
    linear = torch.nn.Linear
    encoder = torch.nn.Sequential(linear(inputs, hidden), torch.nn.ReLU(), linear(hidden, 2 * latent))
    decoder = torch.nn.Sequential(linear(latent, hidden), torch.nn.ReLU(), linear(hidden, inputs))
    params = [*encoder.parameters(), *decoder.parameters()]
    opt = torch.optim.Adam(params, 1e-3)
    pictures = torch.rand(60000, inputs)
    batches = itertools.cycle(pictures[:60000 // batch * batch].split(batch))

    def step():
        x = next(batches)
        opt.zero_grad(set_to_none=True)
        mean, log_sigma = encoder(x).chunk(2, 1)
        z = mean + log_sigma.exp() * torch.randn_like(mean)
        divergence = 0.5 * (mean ** 2 + (2 * log_sigma).exp() - 1).sum() - log_sigma.sum()
        loss = F.binary_cross_entropy_with_logits(decoder(z), x, reduction="sum") + divergence
        (loss / batch).backward()
        opt.step()

    for _ in range(20):
        step()
    s = median_seconds(step, 200)
    report("vae-train", batch / s, "images/s", 0, "float32", THREADS, "as it comes", hidden=hidden, latent=latent, batch=batch)


CASES = {"matmul": matmul, "lstm-train": lstm_train, "wordlm-train": wordlm_train, "lstm-generate": lstm_generate, "lstm-beam": lstm_beam, "vae-train": vae_train}

if sys.argv[1:] == ["--version"]:
    print(PEER)
else:
    torch.manual_seed(0)
    for case in sys.argv[1:]:
        CASES[case]()
    print(json.dumps(rows))
