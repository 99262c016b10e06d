package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"kunci/db"
)

// importPlaces is how often rows look for what they name while an operator
// makes, renames or deletes it.
const importPlaces = 5

// load stores rows in what they name as it stands now, and returns those that
// have to look for it again. Others may have got a fault instead.
func (im *importer) load(ctx context.Context, rows []*importRow) (again []*importRow, err error) {
	err = im.Store.View(func(v db.View) error {
		im.book.open()
		for _, r := range rows {
			if err := im.book.place(v, r, im.now, false); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(slices.Clone(rows), func(r *importRow) bool { return r.faults != nil })
	if err := im.book.write(ctx, im.Store); isNotFound(err) || errors.As(err, new(*db.TakenError)) {
		return rows, err
	} else if err != nil {
		return nil, err
	}
	im.book.settled(im.report)
	all := make([]db.Newcomer, len(rows))
	for i, r := range rows {
		all[i] = db.Newcomer{Account: &r.account, Membership: r.member}
	}
	refused, err := im.Store.LoadMembers(ctx, all, importWithin)
	if err != nil {
		return nil, err
	}
	for i, refusal := range refused {
		var taken *db.TakenError
		switch r := rows[i]; {
		case errors.As(refusal, &taken): // by somebody who came while this batch was on its way
			r.fault(columnOf(taken.Field), "taken", 0)
		case isNotFound(refusal) && r.member != nil:
			again, err = append(again, r), fmt.Errorf("line %d: %w", r.line, refusal)
		case refusal != nil:
			return nil, fmt.Errorf("line %d: %w", r.line, refusal)
		}
	}
	return again, err
}
