package auth

import (
	"sync"
	"time"

	"github.com/google/uuid"

	"kunci/db"
)

const (
	// auditQueued bounds the entries that wait in memory. What was turned away
	// unjudged has a small share of it, and of each minute, since anybody can
	// cause it in any number: a flood must not push out what matters, here or
	// from the log.
	auditQueued    = 1000
	refusalsQueued = 20
	refusalsOfOne  = 8 // of an address, or a few requests would hide everybody else's

	// auditPerAct keeps one act below the store's bound of keys.
	auditPerAct = 90

	aMinute = db.Time(time.Minute / time.Millisecond)
)

// auditQueue holds what is not written in an act of its own: failures, whoever
// causes them must not cause a sync each.
type auditQueue struct {
	mu       sync.Mutex
	entries  []queued
	refusals map[refusal]*db.AuditEntry // those of entries that were not judged
	unjudged int                        // entries of that kind that are not written yet

	began     db.Time        // when this minute's refusals began
	started   int            // entries for refusals since
	startedOf map[string]int // of them, by address

	dropped uint64  // for want of room
	told    db.Time // when the log was told of that; 0: it may be at once
}

// queued is an entry that waits, and of which refusal if it was not judged.
type queued struct {
	*db.AuditEntry
	of *refusal
}

// refusal is what makes refusals alike: one entry stands for all that come
// until it is written. Those of different names have an entry each while the
// minute's share lasts, so that each is found by its name; one address could
// type anything, so what comes beyond the share is told without names.
type refusal struct {
	event, outcome, dialect, addr, reason string
	account                               uuid.UUID
	name                                  string // digest
	any                                   bool   // whatever the name
}

// whatever is a refusal of the same kind, whatever the name.
func (r refusal) whatever() refusal {
	r.name, r.any = "", true
	return r
}

func (q *auditQueue) add(e *db.AuditEntry, judged bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if judged {
		q.push(queued{e, nil})
		return
	}
	like := refusal{e.Event, e.Outcome, e.Dialect, e.Addr, e.Reason, e.Account, string(e.Name), false}
	if first := q.refusals[like]; first != nil {
		first.Times = max(first.Times, 1) + 1
		return
	}
	if since := e.At - q.began; since < 0 || since >= aMinute || q.startedOf == nil {
		q.began, q.started, q.startedOf = e.At, 0, map[string]int{}
	}
	if max(q.started, q.unjudged) >= refusalsQueued || q.startedOf[e.Addr] >= refusalsOfOne {
		first := q.refusals[like.whatever()]
		if first == nil {
			q.dropped++
			return
		}
		first.Times, first.Name = max(first.Times, 1)+1, nil // it stands for several
		return
	}
	if q.push(queued{e, &like}) {
		q.started++
		q.startedOf[e.Addr]++
		q.unjudged++
		q.await(like, e)
	}
}

func (q *auditQueue) push(e queued) bool {
	if len(q.entries) >= auditQueued {
		q.dropped++
		return false
	}
	q.entries = append(q.entries, e)
	return true
}

// await has an entry stand for the refusals to come: those like it, and the
// newest of a kind for all of that kind for which there is no room.
func (q *auditQueue) await(like refusal, e *db.AuditEntry) {
	if q.refusals == nil {
		q.refusals = map[refusal]*db.AuditEntry{}
	}
	q.refusals[like], q.refusals[like.whatever()] = e, e
}

// awaitNoMore has an entry stay as it is.
func (q *auditQueue) awaitNoMore(e queued) {
	if e.of == nil {
		return
	}
	for _, like := range []refusal{*e.of, e.of.whatever()} {
		if q.refusals[like] == e.AuditEntry {
			delete(q.refusals, like)
		}
	}
}

// auditBatch is what is written in one act.
type auditBatch struct {
	entries []queued
	dropped uint64 // how many there was no room for
	at      db.Time
}

// take hands out what is to be written next, the oldest first, and once a
// minute how many there was no room for.
func (q *auditQueue) take(now db.Time) auditBatch {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(len(q.entries), auditPerAct-1)
	b := auditBatch{entries: q.entries[:n:n], at: now}
	q.entries = q.entries[n:]
	for _, e := range b.entries { // what was handed out changes no more
		q.awaitNoMore(e)
	}
	if since := now - q.told; q.told == 0 || since < 0 || since >= aMinute {
		if b.dropped, q.dropped = q.dropped, 0; b.dropped > 0 {
			q.told = now
		}
	}
	return b
}

// all are the entries of a batch, copied: the act that writes them may run
// again.
func (b *auditBatch) all() (all []*db.AuditEntry) {
	for _, e := range b.entries {
		one := *e.AuditEntry
		all = append(all, &one)
	}
	if b.dropped > 0 {
		all = append(all, &db.AuditEntry{At: b.at, Event: eventDropped, Outcome: eventDropped, Dialect: byServer, Times: b.dropped})
	}
	return all
}

// settled says that a batch waits no more.
func (q *auditQueue) settled(b auditBatch) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, e := range b.entries {
		q.gone(e)
	}
}

// gone counts an entry that waits no more.
func (q *auditQueue) gone(e queued) {
	if e.of != nil {
		q.unjudged--
	}
}

// putBack takes back what could not be written, as far as there is room.
func (q *auditQueue) putBack(b auditBatch) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if b.dropped > 0 {
		q.dropped, q.told = q.dropped+b.dropped, 0
	}
	for _, e := range b.entries {
		if e.of != nil && q.refusals[*e.of] == nil {
			q.await(*e.of, e.AuditEntry)
		}
	}
	q.entries = append(b.entries[:len(b.entries):len(b.entries)], q.entries...)
	for len(q.entries) > auditQueued {
		last := q.entries[len(q.entries)-1]
		q.entries = q.entries[:len(q.entries)-1]
		q.gone(last)
		q.awaitNoMore(last)
		q.dropped++
	}
}

// tellDropped has the next batch tell what was dropped, whenever the last did.
func (q *auditQueue) tellDropped() {
	q.mu.Lock()
	q.told = 0
	q.mu.Unlock()
}
