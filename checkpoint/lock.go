package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// The lock is an operating system's lock on the file called lock, not the existence of
// that file: it ends with the process, however that ends, and leaves nothing stale. The
// file stays where it is, since removing it would let a third process lock a new one
// while a second still holds the old. Its content, the process id, is only for people.

const lockName = "lock"

// errLocked is what tryLock returns when another has the lock.
var errLocked = errors.New("locked")

// lock takes the lock of a run's folder, held until the file is closed.
func lock(root *os.Root, dir string) (*os.File, error) {
	file, err := root.OpenFile(lockName, os.O_RDWR|os.O_CREATE|openFlags, 0o666)
	if err != nil {
		return nil, err
	}
	if err := tryLock(file); err != nil {
		defer file.Close()
		if !errors.Is(err, errLocked) {
			return nil, &fault{text: fmt.Sprintf("%s: files on this disk cannot be locked (%v): use a folder on another", dir, err), cause: err}
		}
		who := "another process"
		if pid := readPID(file); pid != "" {
			who = "process " + pid
		}
		return nil, &fault{text: fmt.Sprintf("%s: %s is at work on this run: wait for it, or stop it first", dir, who), kind: ErrInUse}
	}
	// On a full disk the message of the other process has no number, and that is all.
	if file.Truncate(0) == nil {
		file.WriteAt(fmt.Appendln(nil, os.Getpid()), 0)
	}
	return file, nil
}

// readPID reads who holds the lock; it may have been taken this very moment.
func readPID(file *os.File) string {
	for range 5 {
		b, err := io.ReadAll(io.NewSectionReader(file, 0, 32))
		if err != nil {
			return ""
		}
		if pid := strings.TrimSpace(string(b)); pid != "" {
			if _, err := strconv.Atoi(pid); err != nil {
				return ""
			}
			return pid
		}
		time.Sleep(10 * time.Millisecond)
	}
	return ""
}
