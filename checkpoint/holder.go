package checkpoint

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

// Holder tells which process has the run open to write, without disturbing it: its process id, or "?" if that
// cannot be read; empty if there is none.
//
// Who holds a lock can only be found out by trying to take it. So that nobody who wants to go on with the run
// finds it taken by a mere look, the lock is not touched where its file says that its last holder gave it back,
// and let go at once where that was killed. Two who look at the same moment could take each other for the
// holder: one is believed only when it is there three times.
func (r *Run) Holder() (pid string, err error) {
	for try := range 3 {
		if try > 0 {
			time.Sleep(5 * time.Millisecond)
		}
		file, size, err := r.open(lockName)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return "", nil
		case err != nil:
			return "", err
		case size == 0:
			file.Close()
			return "", nil
		}
		if pid, err = holder(file); pid == "" || err != nil {
			return "", err
		}
	}
	return pid, nil
}

// holder tries a lock once and closes its file.
func holder(file *os.File) (pid string, err error) {
	defer file.Close() // which lets go of the lock
	if err := tryLock(file); err == nil {
		return "", nil
	} else if !errors.Is(err, errLocked) {
		return "", readFault(file.Name(), err)
	}
	if pid = readPID(file); pid == "" {
		pid = "?"
	}
	return pid, nil
}
