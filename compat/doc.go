// Package compat tests Inkling against other people's software. It is a module of its own, so that
// nobody who builds Inkling downloads that software; it holds tests only. The tests of tokenizers need
// Node and Python and packages that npm and pip bring, and so stand behind the build tag tokenizers:
// make compat runs them, make compat-go does without.
package compat
