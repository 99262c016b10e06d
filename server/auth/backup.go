package auth

import (
	"context"
	"errors"
	"io"

	"kunci/db"
)

// Snapshot says which state of which data a backup copied.
type Snapshot struct {
	Instance string `json:"instance"` // the id that the data file shares with its keys
	Schema   int    `json:"schema"`
	Size     int64  `json:"size"` // of the copy in bytes
}

// Backup writes a consistent copy of the data file while sign-ins and other
// acts go on: all that was acknowledged before it began is in it. The keys are
// not; whoever keeps them with it reads them after, so that none that signed
// for a session in it is missing.
func (o Operator) Backup(ctx context.Context, w io.Writer) (Snapshot, error) {
	e := o.entry(eventBackup)
	if err := o.begin(ctx, e); err != nil { // and is in the copy
		return Snapshot{}, err
	}
	size, err := o.Store.Backup(w)
	o.note(ctx, o.came(e, err))
	if errors.Is(err, db.ErrUnavailable) {
		return Snapshot{}, err
	}
	if err != nil {
		return Snapshot{}, fail(Internal, "internal", err)
	}
	info := o.Store.Info()
	return Snapshot{Instance: info.Instance.String(), Schema: info.Schema, Size: size}, nil
}
