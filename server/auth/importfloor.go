package auth

import (
	"context"
	"errors"
	"maps"
	"time"

	"kunci/db"
	"kunci/server/password"
)

// foresee measures, on a server that has measured others, what the kinds of
// hashes cost that a batch brings, so that the time of a refusal tells of none
// of them from the moment that they stand.
func (im *importer) foresee(ctx context.Context, rows []*importRow) error {
	im.floor.mu.Lock()
	known := im.floor.costs
	im.floor.mu.Unlock()
	if known == nil {
		return nil
	}
	coming := map[string]int64{}
	for _, r := range rows {
		kind := db.HashKind(r.account.PasswordHash)
		if _, measured := known[kind]; !measured && kind != "" {
			coming[kind]++
		}
	}
	if len(coming) == 0 {
		return nil
	}
	costs := maps.Clone(known)
	for kind := range coming {
		cost, err := patient(ctx, im.Hasher, func() (time.Duration, error) { return im.Hasher.Cost(ctx, kind) })
		if errors.Is(err, password.ErrStored) {
			continue // it is checked as no hash is
		}
		if err != nil {
			return err
		}
		costs[kind] = cost
	}
	accounts := map[string]int64{}
	if err := im.Store.View(func(v db.View) error { accounts = v.HashKinds(); return nil }); err != nil {
		return err
	}
	accounts[""]++ // as MeasureFloor counts them
	for kind, n := range coming {
		accounts[kind] += n
	}
	im.floor.set(costs, accounts)
	return nil
}

// measured lets a server that has measured the kinds of hashes know how many
// accounts have each by now.
func (im *importer) measured(ctx context.Context) error {
	if im.dry || im.report.Imported == 0 || im.Floor() == 0 {
		return nil
	}
	_, err := patient(ctx, im.Hasher, func() (any, error) { return nil, im.MeasureFloor(ctx) })
	return err
}
