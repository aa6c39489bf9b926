package store

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// HeldError says which process has the SQLite file open for writing.
type HeldError struct {
	File  string
	PID   int       // 0 when the holder could not be named
	Since time.Time // zero when unknown
}

// Error is a sentence for the person who started the second process.
func (e *HeldError) Error() string {
	who := "another process"
	if e.PID != 0 {
		who = fmt.Sprintf("process %d since %s", e.PID, e.Since.Format("2006-01-02 15:04:05 MST"))
	}
	return fmt.Sprintf("%s is in use by %s: SQLite serves one Gatehouse at a time. Stop that one first, or give a postgres:// database URL to run several.", e.File, who)
}

// errLocked is what tryLock says when somebody else has the lock.
var errLocked = errors.New("locked by another process")

// fileLock holds <database>.lock for the life of the process. The operating
// system gives the lock back when the process ends, however it ends.
type fileLock struct{ f *os.File }

func lockFile(database string) (*fileLock, error) {
	name := database + ".lock"
	f, err := tryLock(name)
	if errors.Is(err, errLocked) {
		return nil, holder(database, name)
	}
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", database, err)
	}
	note := fmt.Sprintf("%d %s\n", os.Getpid(), time.Now().UTC().Format(time.RFC3339))
	if err := errors.Join(f.Truncate(0), writeAll(f, note)); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("lock %s: %w", database, err)
	}
	return &fileLock{f}, nil
}

func writeAll(f *os.File, s string) error {
	_, err := f.WriteAt([]byte(s), 0)
	return err
}

// holder reads who has the lock. The holder writes its name just after locking,
// and one that was killed leaves its name behind, so a name only counts when
// its process is alive; for the next one it waits a moment.
func holder(database, name string) *HeldError {
	held := &HeldError{File: database}
	for range 50 {
		if pid, since, ok := readNote(name); ok && alive(pid) {
			held.PID, held.Since = pid, since
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return held
}

func readNote(name string) (pid int, since time.Time, ok bool) {
	text, err := os.ReadFile(name)
	if err != nil {
		return 0, time.Time{}, false
	}
	var at string
	if _, err := fmt.Sscanf(strings.TrimSpace(string(text)), "%d %s", &pid, &at); err != nil {
		return 0, time.Time{}, false
	}
	since, err = time.Parse(time.RFC3339, at)
	return pid, since, err == nil
}

// release forgets the name and gives the lock back. The file stays: removing it
// would let two processes lock two files of one name.
func (l *fileLock) release() error {
	if l == nil {
		return nil
	}
	return errors.Join(l.f.Truncate(0), l.f.Close())
}
