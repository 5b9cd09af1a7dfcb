#!/usr/bin/env python3
"""What a gensim user gets on this machine: skip-gram with negative sampling, 100 numbers, window 5, 5 negatives, with all cores.

Usage: python3 gensim.py --version | TEXT PAIRS EPOCHS SEED
TEXT is words with white space between, PAIRS a list as WordSim-353 is. Needs gensim (Debian: apt-get install python3-gensim).
Run by `go run ./bench/vectors`; prints one JSON object. Reading the text and counting its words is not in the time. With
more than one worker gensim is not deterministic, and hash seeds differ from process to process.
"""
import json
import os
import sys
import time

import gensim
from gensim.models import Word2Vec

if sys.argv[1:] == ["--version"]:
    print("gensim", gensim.__version__)
    sys.exit()
text, pairs, epochs, seed = sys.argv[1:]
with open(text, encoding="utf-8") as f:
    words = f.read().split()
cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
sentences = [words[at:at + 1000] for at in range(0, len(words), 1000)]
model = Word2Vec(vector_size=100, window=5, negative=5, min_count=5, sample=1e-4, sg=1, workers=cores, epochs=int(epochs), seed=int(seed))
model.build_vocab(sentences)
began = time.perf_counter()
model.train(sentences, total_examples=len(sentences), epochs=model.epochs)
seconds = time.perf_counter() - began
_, spearman, left_out = model.wv.evaluate_word_pairs(pairs, case_insensitive=True)
print(json.dumps(dict(words_per_s=len(words) * model.epochs / seconds, spearman=float(spearman[0]), left_out_percent=left_out)))
