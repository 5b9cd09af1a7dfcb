#!/usr/bin/env python3
"""Writes gensim.txt and gensim.bin, a small model of gensim's, and what gensim finds in it, as Go for gensim_test.go.

Usage: gensim_files.py TEXT > ../gensim_test.go, where TEXT is of words with spaces between; made with gensim 4.2.0 (Debian's
python3-gensim) and the first 200,000 words of the Bard's plays in lower case without punctuation.
"""
import re
import sys

from gensim.models import Word2Vec

words = re.findall("[a-z]+", open(sys.argv[1]).read().lower())[:200_000]
sentences = [words[i:i + 1000] for i in range(0, len(words), 1000)]
v = Word2Vec(sentences, vector_size=8, window=5, min_count=60, workers=1, seed=1, epochs=5).wv
v.save_word2vec_format("gensim.txt")
v.save_word2vec_format("gensim.bin", binary=True)


def go(name, found):
    list_ = ", ".join('{"%s", %.6f}' % pair for pair in found)
    print(f"\n\t{name} = []Neighbour{{{list_}}}", end="")


print("package wordvec\n\n// What gensim finds in its files; written by testdata/gensim_files.py.\nvar (", end="")
go("gensimNearest", v.most_similar("king", topn=3))
go("gensimNearestTwo", v.most_similar(["king", "day"], topn=3))
go("gensimAdd", v.most_similar(positive=["king", "woman"], negative=["man"], topn=3))
go("gensimMul", v.most_similar_cosmul(positive=["king", "woman"], negative=["man"], topn=3))
print("\n)")
