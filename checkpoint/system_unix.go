//go:build unix

package checkpoint

import (
	"errors"
	"os"
	"syscall"
)

// openFlags keep the opening of a named pipe or a device from waiting.
const openFlags = syscall.O_NONBLOCK

const errNotDir = syscall.ENOTDIR

// tryLock takes an exclusive flock without waiting. It belongs to the open file: a
// second Open in the same process is refused too.
func tryLock(file *os.File) error {
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch err {
		case syscall.EINTR:
			continue
		case syscall.EWOULDBLOCK:
			return errLocked
		}
		return err
	}
}

func diskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// noDirSync reports whether an fsync failed since the file system has none for folders.
func noDirSync(err error) bool {
	return errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported)
}
