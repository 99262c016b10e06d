package db

import (
	"errors"
	"slices"
)

// Purpose says what a mailed link is for.
type Purpose string

// The purposes of mailed links.
const (
	PurposeConfirm Purpose = "confirm" // the address of a sign-up
	PurposeReset   Purpose = "reset"   // a new password
	PurposeLinking Purpose = "linking" // a Google account
)

const (
	maxLinksAlive   = 3 // of one purpose for one account (CONTRACT 4)
	maxLinksScanned = 4 * maxLinksAlive
)

// Link is what a mailed link stands for until it is used or expires. Its id
// is no secret: the token in the mail is made from it with a key that is not
// in the data file.
type Link struct {
	ID      ID       `cbor:"1,keyasint"`
	Account uint64   `cbor:"2,keyasint"`
	Purpose Purpose  `cbor:"3,keyasint"`
	Created Time     `cbor:"4,keyasint"`
	Expires Time     `cbor:"5,keyasint"`
	Google  SocialID `cbor:"6,keyasint,omitzero"` // for PurposeLinking
}

// Link returns the link with this id, expired or not.
func (v View) Link(id ID) (*Link, error) { return get[Link](v.r, spaceLink, id[:]) }

// Links returns an account's links, oldest first. A damaged one leads nobody
// anywhere and is passed over, or its owner would get no other: Check names it.
func (v View) Links(account uint64) (links []*Link, err error) {
	for _, key := range v.children(spaceLinkAccount, account, maxLinksScanned) {
		id, ok := tail(key, 8)
		if !ok {
			return nil, &DamagedError{Space: spaceLinkAccount, Key: key, Why: "length"}
		}
		l, err := v.Link(id)
		if isMissing(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		links = append(links, l)
	}
	slices.SortFunc(links, func(a, b *Link) int { return int(a.Created - b.Created) })
	return links, nil
}

// AddLink stores a link. Three of one purpose live at most: the oldest makes
// room.
func (t Tx) AddLink(l *Link) error {
	links, err := t.Links(l.Account)
	if err != nil {
		return err
	}
	alive := 0
	for _, other := range slices.Backward(links) {
		if other.Purpose != l.Purpose {
			continue
		}
		if alive++; alive >= maxLinksAlive {
			t.dropLink(other)
		}
	}
	t.w.Put(spaceLinkAccount, accountChild(l.Account, l.ID[:]), nil)
	t.w.Put(spaceLinkExpiry, hourKey(l.Expires, l.ID), nil)
	return put(t.w, spaceLink, l.ID[:], l)
}

// UseLink removes a link; ErrNotFound where it is already gone.
func (t Tx) UseLink(id ID) error {
	l, err := t.Link(id)
	if err != nil {
		return err
	}
	t.dropLink(l)
	return nil
}

// DropLinks removes an account's links of the given purposes, of all where
// none is given.
func (t Tx) DropLinks(account uint64, purposes ...Purpose) error {
	links, err := t.Links(account)
	if err != nil {
		return err
	}
	for _, l := range links {
		if len(purposes) == 0 || slices.Contains(purposes, l.Purpose) {
			t.dropLink(l)
		}
	}
	return nil
}

func (t Tx) dropLink(l *Link) {
	t.w.Delete(spaceLinkAccount, accountChild(l.Account, l.ID[:]))
	t.w.Delete(spaceLinkExpiry, hourKey(l.Expires, l.ID))
	t.w.Delete(spaceLink, l.ID[:])
}

func (t Tx) dropLinkOf(key []byte) error {
	id, ok := tail(key, 8)
	if !ok {
		return &DamagedError{Space: spaceLinkAccount, Key: key, Why: "length"}
	}
	if err := t.UseLink(id); !isMissing(err) {
		return err
	}
	t.dropUnread(spaceLink, id, spaceLinkAccount, spaceLinkExpiry)
	return nil
}

// SweepLinks removes up to max links that expired before now and says how
// many it removed.
func (t Tx) SweepLinks(now Time, max int) (int, error) {
	return t.sweep(spaceLinkExpiry, now, max, func(id ID) (Time, bool, error) {
		l, err := t.Link(id)
		if errors.Is(err, ErrNotFound) {
			return 0, false, nil
		}
		if err != nil {
			return 0, false, err
		}
		return l.Expires, true, nil
	}, t.UseLink)
}
