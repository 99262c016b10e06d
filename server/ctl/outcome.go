package ctl

import (
	"context"
	"time"

	"kunci/server/auth"
)

// Change is an account before and after an edit.
type Change struct {
	Before *auth.User `json:"before"`
	After  *auth.User `json:"after"`
}

func setUser(ctx context.Context, d *doing, in edited) (Change, error) {
	before, err := d.User(in.Who)
	if err != nil {
		return Change{}, err
	}
	d.subject = before.UUID
	after, err := d.SetUser(ctx, in.Who, in.Edit)
	if err != nil {
		return Change{}, err
	}
	return Change{Before: before, After: after}, nil
}

// Ended is how many sessions an act ended; nil where they can't be read, which
// must not keep them from being ended.
type Ended struct {
	Sessions *int `json:"sessions"`
}

// toEnd counts the sessions that an act is about to end.
func toEnd(d *doing, who string) Ended {
	list, err := d.Sessions(who)
	if err != nil {
		return Ended{}
	}
	n := len(list)
	return Ended{Sessions: &n}
}

func setPassword(ctx context.Context, d *doing, in newPassword) (Ended, error) {
	d.account(in.Who)
	ended := toEnd(d, in.Who)
	return ended, d.SetPassword(ctx, in.Who, in.Password, in.Lang)
}

func revokeAll(ctx context.Context, d *doing, in named) (Ended, error) {
	d.account(in.Who)
	ended := toEnd(d, in.Who)
	return ended, d.RevokeSessions(ctx, in.Who)
}

// Key is a signing key as an operator sees it.
type Key struct {
	auth.PublishedKey
	Until   *time.Time `json:"until"` // verifies before this time; nil for the key that signs
	Signing bool       `json:"signing"`
}

// keys are those that still verify, the signing one first.
func keys(o auth.Operator) (list []Key) {
	for _, k := range o.Keys() {
		key := Key{PublishedKey: auth.PublishedKey{ID: k.ID, Public: k.Public, Since: k.Created}, Signing: k.Signing}
		if !k.Until.IsZero() {
			key.Until = &k.Until
		}
		list = append(list, key)
	}
	return list
}

// Rotation is a new signing key, and the one that signed until then; nil where
// that verifies no more.
type Rotation struct {
	ID     string `json:"id"`
	Former *Key   `json:"former"`
}

func rotate(ctx context.Context, d *doing, _ nothing) (Rotation, error) {
	id, err := d.RotateKey(ctx)
	if err != nil {
		return Rotation{}, err
	}
	d.subject = id
	r := Rotation{ID: id}
	list := keys(d.Operator)
	for i := range list[:len(list)-1] { // from the newest to the oldest
		if list[i].ID == id {
			r.Former = &list[i+1]
		}
	}
	return r, nil
}
