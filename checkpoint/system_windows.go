package checkpoint

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/windows"
)

// openFlags are for Unix, where the opening of a named pipe could wait.
const openFlags = 0

const errNotDir = syscall.ENOTDIR

// tryLock locks one byte far behind the process id, which stays readable for others.
func tryLock(file *os.File) error {
	err := windows.LockFileEx(windows.Handle(file.Fd()),
		windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0,
		&windows.Overlapped{OffsetHigh: 1})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return errLocked
	}
	return err
}

func diskFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}

// noDirSync: Windows flushes no folders; a rename is in the journal of NTFS.
func noDirSync(error) bool { return true }
