package kernel

import (
	"syscall"
	"unsafe"
)

const madviseHugepage = 14 // MADV_HUGEPAGE, which package syscall does not name on every architecture

// adviseLarge advises the pages that lie in b as a whole.
func adviseLarge(b []byte) {
	page := uintptr(syscall.Getpagesize())
	skip := -uintptr(unsafe.Pointer(unsafe.SliceData(b))) & (page - 1)
	whole := (uintptr(len(b)) - skip) &^ (page - 1)
	syscall.Madvise(b[skip:skip+whole], madviseHugepage)
}
