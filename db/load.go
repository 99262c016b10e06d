package db

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"time"
)

// How many accounts share a commit of Load: the first, and between which
// bounds the clock moves it.
const (
	loadFirst = 1000
	loadLeast = 100
	loadMost  = 100_000
)

// Load stores many new accounts, as AddAccount does one: for an import, whether
// or not others write meanwhile. Each stands or falls alone: refused[i] is nil
// for one that stands and has its ID, a *TakenError or another reason for one
// that does not. Of two that can't both stand, the earlier does.
//
// Accounts share commits; each keeps other writers waiting for about as long
// as within says. The longer that is, the less is written for one account:
// random e-mail addresses touch pages all over the file.
//
// An error ends it. The first len(refused) accounts were dealt with before; a
// chunk after them may stand as well where ctx ended.
func (s *Store) Load(ctx context.Context, accounts []*Account, within time.Duration) (refused []error, err error) {
	newcomers := make([]Newcomer, len(accounts))
	for i, a := range accounts {
		newcomers[i].Account = a
	}
	return s.LoadMembers(ctx, newcomers, within)
}

// LoadMembers is Load for accounts that may have a membership, which stands
// with its account or not at all. Company, division and role must stand.
func (s *Store) LoadMembers(ctx context.Context, newcomers []Newcomer, within time.Duration) (refused []error, err error) {
	next, err := s.nextAccountID()
	if err != nil {
		return nil, err
	}
	size := loadFirst
	prepare := func(id uint64) <-chan *chunk {
		n := min(size, len(newcomers))
		ready, mine := make(chan *chunk, 1), newcomers[:n]
		newcomers = newcomers[n:]
		go func() { ready <- newChunk(mine, id) }()
		return ready
	}
	for ready := prepare(next); ; {
		c := <-ready
		if len(c.items) == 0 {
			return refused, nil
		}
		ready = prepare(c.next) // while this one is written
		begin := time.Now()
		if err := s.engine.Load(ctx, func(w Writer) error { return c.store(Tx{View{w}, w, s.info.Schema}) }); err != nil {
			<-ready
			return refused, err
		}
		refused = c.settle(refused)
		fits := int64(len(c.items)) * int64(within) / max(1, int64(time.Since(begin)))
		size = int(min(max(fits, loadLeast), int64(2*len(c.items)), loadMost))
	}
}

func (s *Store) nextAccountID() (id uint64, err error) {
	err = s.View(func(v View) error {
		last, err := v.LastAccountID()
		id = last + 1
		return err
	})
	return id, err
}

// chunk is some accounts on their way into one commit. What does not need the
// transaction is done before it.
type chunk struct {
	items   []item
	indexes map[Space][]claim // in the order of keys
	next    uint64            // the id after those that were foreseen
}

// item is one account; the caller's own changes only once it stands.
type item struct {
	from    *Account
	account Account
	member  *Membership
	raw     []byte   // the record, under the id that account has by now
	invalid error    // why it can stand nowhere
	refused error    // why it does not stand here
	rivals  []string // what it claims and another of the chunk does too
}

// claim is an index entry that an account asks for.
type claim struct {
	uniqueKey
	item int
}

// newChunk encodes accounts under the ids that they will have unless some are
// refused, or somebody else takes one.
func newChunk(newcomers []Newcomer, next uint64) *chunk {
	c := &chunk{items: make([]item, len(newcomers)), indexes: map[Space][]claim{}, next: next}
	for i, n := range newcomers {
		it, a := &c.items[i], n.Account
		it.from, it.account, it.member = a, *a, n.Membership
		if a.ID == 0 {
			it.account.ID = c.next
		}
		c.next = max(c.next, it.account.ID+1)
		var keys []uniqueKey
		if keys, it.invalid = a.uniqueKeys(); it.invalid == nil {
			it.invalid = it.encode()
		}
		if it.invalid != nil {
			continue
		}
		for _, k := range keys {
			c.indexes[k.space] = append(c.indexes[k.space], claim{k, i})
		}
	}
	for _, claims := range c.indexes {
		slices.SortFunc(claims, func(a, b claim) int { return bytes.Compare(a.key, b.key) })
		for i := 1; i < len(claims); i++ {
			if a, b := claims[i-1], claims[i]; bytes.Equal(a.key, b.key) {
				c.items[a.item].rival(a)
				c.items[b.item].rival(b)
			}
		}
	}
	return c
}

func (it *item) encode() (err error) {
	it.raw, err = encode(spaceAccount, accountKey(it.account.ID), &it.account)
	return err
}

func (it *item) rival(k claim) {
	if name := k.field + "\x00" + string(k.key); !slices.Contains(it.rivals, name) {
		it.rivals = append(it.rivals, name)
	}
}

// store writes a chunk; it may run again.
func (c *chunk) store(t Tx) error {
	c.judge(t)
	if err := c.number(t); err != nil {
		return err
	}
	for i := range c.items {
		if it := &c.items[i]; it.refused == nil {
			t.w.Put(spaceAccount, accountKey(it.account.ID), it.raw)
		}
	}
	for _, space := range accountIndexes {
		for _, k := range c.indexes[space] {
			if it := &c.items[k.item]; it.refused == nil {
				t.w.Put(space, k.key, accountKey(it.account.ID))
			}
		}
	}
	if err := c.join(t); err != nil {
		return err
	}
	kinds := map[string]int64{}
	for i := range c.items {
		if it := &c.items[i]; it.refused == nil {
			kinds[HashKind(it.account.PasswordHash)]++
		}
	}
	for kind, n := range kinds {
		if err := t.countKind(kind, n); err != nil {
			return err
		}
	}
	return nil
}

// judge refuses the accounts that claim what another holds: one that stands, or
// an earlier one of the chunk that is not refused itself.
func (c *chunk) judge(t Tx) {
	c.judgeMembers(t)
	for _, space := range accountIndexes {
		for _, k := range c.indexes[space] {
			if it := &c.items[k.item]; it.refused == nil && t.r.Get(space, k.key) != nil {
				it.refused = &TakenError{Field: k.field}
			}
		}
	}
	held := map[string]bool{}
	for i := range c.items {
		it := &c.items[i]
		if id := it.from.ID; it.refused == nil && id != 0 && t.r.Get(spaceAccount, accountKey(id)) != nil {
			it.refused = &TakenError{Field: "id"}
		}
		for _, name := range it.rivals {
			if it.refused == nil && held[name] {
				field, _, _ := strings.Cut(name, "\x00")
				it.refused = &TakenError{Field: field}
			}
		}
		for _, name := range it.rivals {
			held[name] = held[name] || it.refused == nil
		}
	}
}

// number gives the accounts that will stand their ids, and moves the counter.
func (c *chunk) number(t Tx) error {
	last, err := t.LastAccountID()
	if err != nil {
		return err
	}
	before, used := last, map[uint64]bool{}
	for i := range c.items {
		it := &c.items[i]
		if it.refused != nil {
			continue
		}
		id := it.from.ID
		if id == 0 {
			id = last + 1
		}
		if id == 0 {
			return errIDsUsedUp
		}
		if used[id] {
			it.refused = &TakenError{Field: "id"}
			continue
		}
		used[id], last = true, max(last, id)
		if it.account.ID != id {
			it.account.ID = id
			if err := it.encode(); err != nil {
				return err
			}
		}
	}
	if last == before {
		return nil
	}
	return put(t.w, spaceMeta, metaCounter, &counter{Last: last})
}

// settle tells the caller's accounts what became of them.
func (c *chunk) settle(refused []error) []error {
	for i := range c.items {
		it := &c.items[i]
		if refused = append(refused, it.refused); it.refused == nil {
			it.from.ID = it.account.ID
			if it.member != nil {
				it.member.Account = it.account.ID
			}
		}
	}
	return refused
}
