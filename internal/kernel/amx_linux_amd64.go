package kernel

import "syscall"

// grantTiles asks the kernel to let this process use AMX tiles, whose state is too large to be saved for everyone.
func grantTiles() bool {
	const archReqXcompPerm, xfeatureTiledata = 0x1023, 18
	_, _, errno := syscall.RawSyscall(syscall.SYS_ARCH_PRCTL, archReqXcompPerm, xfeatureTiledata, 0)
	return errno == 0
}
