package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// ErrMoved says that the file which the engine writes to no longer stands
// where it was opened: what is written from then on is not found again.
var ErrMoved = errors.New("the data file was removed, replaced or moved away")

// Moved returns ErrMoved when another file, or none, stands at the path that
// was opened. A path that can't be looked at now tells nothing, and is no
// error.
func (e *Engine) Moved() error {
	opened, err := e.file.Stat()
	if err != nil {
		return fmt.Errorf("%w: %v", ErrMoved, err)
	}
	standing, err := os.Stat(e.bolt.Path())
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return ErrMoved
	case err == nil && !os.SameFile(opened, standing):
		return ErrMoved
	}
	return nil
}
