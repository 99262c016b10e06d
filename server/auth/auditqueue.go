package auth

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"kunci/db"
)

const (
	// auditQueued bounds the entries that wait in memory. What was turned away
	// unjudged has a small share of it: a flood must not push out what matters,
	// here or from the log.
	auditQueued    = 1000
	refusalsQueued = 20

	// auditPerAct keeps one act below the store's bound of keys.
	auditPerAct = 90

	saveAuditEvery = time.Second
)

// auditQueue holds what is not written in an act of its own: failures, whoever
// causes them must not cause a sync each.
type auditQueue struct {
	mu       sync.Mutex
	entries  []*db.AuditEntry
	refusals map[refusal]*db.AuditEntry // those of entries that were not judged
	dropped  uint64                     // for want of room
}

// refusal is what makes refusals alike: one entry stands for all that come
// until it is written.
type refusal struct {
	event, outcome, dialect, addr, reason, name string
	account                                     uuid.UUID
}

func (q *auditQueue) add(e *db.AuditEntry, judged bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if judged {
		q.push(e)
		return
	}
	like := refusal{e.Event, e.Outcome, e.Dialect, e.Addr, e.Reason, string(e.Name), e.Account}
	switch first := q.refusals[like]; {
	case first != nil:
		first.Times = max(first.Times, 1) + 1
	case len(q.refusals) >= refusalsQueued:
		q.dropped++
	case q.push(e):
		if q.refusals == nil {
			q.refusals = map[refusal]*db.AuditEntry{}
		}
		q.refusals[like] = e
	}
}

func (q *auditQueue) push(e *db.AuditEntry) bool {
	if len(q.entries) >= auditQueued {
		q.dropped++
		return false
	}
	q.entries = append(q.entries, e)
	return true
}

// take hands out what is to be written next, the oldest first, and at the end
// how many there was no room for.
func (q *auditQueue) take(now db.Time) (batch []*db.AuditEntry, dropped uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(len(q.entries), auditPerAct-1)
	batch, q.entries = q.entries[:n:n], q.entries[n:]
	q.refusals = nil // what was handed out changes no more
	if dropped, q.dropped = q.dropped, 0; dropped > 0 {
		batch = append(batch, &db.AuditEntry{At: now, Event: eventDropped, Outcome: eventDropped, Dialect: byServer, Times: dropped})
	}
	return batch, dropped
}

// putBack takes back what could not be written, as far as there is room.
func (q *auditQueue) putBack(batch []*db.AuditEntry, dropped uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if dropped > 0 {
		batch = batch[:len(batch)-1]
	}
	q.entries = append(batch[:len(batch):len(batch)], q.entries...)
	over := max(0, len(q.entries)-auditQueued)
	q.entries = q.entries[:len(q.entries)-over]
	q.dropped += dropped + uint64(over)
}

// SaveAudit writes what waits for the audit log, in one act at most, and says
// whether more waits.
func (s *Service) SaveAudit(ctx context.Context) (more bool, err error) {
	batch, dropped := s.audits.take(s.now())
	if len(batch) == 0 {
		return false, nil
	}
	err = s.update(ctx, func(tx db.Tx) error {
		again := make([]*db.AuditEntry, len(batch)) // an act may run again
		for i, e := range batch {
			one := *e
			again[i] = &one
		}
		return tx.Audit(again...)
	})
	if err != nil {
		s.audits.putBack(batch, dropped)
		return false, err
	}
	return len(batch) >= auditPerAct-1, nil
}

// KeepAudit writes what waits for the audit log once a second until ctx ends,
// and all of it then. report is told when that begins to fail; it is tried
// again.
func (s *Service) KeepAudit(ctx context.Context, report func(error)) {
	s.keep(ctx, saveAuditEvery, report, func(ctx context.Context) error {
		_, err := s.SaveAudit(ctx)
		return err
	})
	s.flushAudit(context.WithoutCancel(ctx))
}

// flushAudit writes all that waits. What can't be written now is written later.
func (s *Service) flushAudit(ctx context.Context) {
	for more, err := true, error(nil); more && err == nil; {
		more, err = s.SaveAudit(ctx)
	}
}
