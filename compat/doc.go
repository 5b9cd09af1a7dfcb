// Package compat tests Inkling against other people's software. It is a module of its own, so that
// nobody who builds Inkling downloads that software; it holds tests only.
package compat
