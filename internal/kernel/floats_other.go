//go:build !linux

package kernel

// adviseLarge does nothing: the system takes large pages by itself or has none.
func adviseLarge([]byte) {}
