package bolt

import (
	"errors"
	"fmt"
	"io"
	"math/bits"
	"runtime"
	"sync"
	"sync/atomic"
)

// walker follows the pages of a file from its meta page, reading it like any
// other file: bbolt itself follows pages without asking where they lead, and
// one that leads back to itself, or out of the file, ends the process.
type walker struct {
	file    io.ReaderAt
	meta    meta
	known   *atomic.Int64 // how many pages are, with those of others beside it; nil: those that lead to others are read alone
	claimed []uint64      // a bit for each page that belongs to something
	levels  []level       // from the top down to where the walker is
	leaves  int           // how deep the leaves of the tree lie that it is in, 0 while it can't know
}

// level is the room for one page on the walker's way, used for one after
// another.
type level struct {
	raw      []byte
	elements []element
}

// walk says what is wrong with the pages of a file, nil where nothing is. A
// shallow walk sees to it that following them comes to an end inside the file;
// a deep one, which notes in known how many pages it accounts for, reads every
// page and leaves none out.
func walk(file io.ReaderAt, m meta, known *atomic.Int64) error {
	deep := known != nil
	w := &walker{file: file, meta: m, known: known, claimed: make([]uint64, m.pages/64+1)}
	for _, step := range []func() error{
		func() error { return w.claim(0, 2) },
		w.freelist,
		func() error { return w.tree(m.root, span{}, 0, true) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	for id := uint64(0); deep && id < m.pages; id++ {
		if w.claimed[id/64]>>(id%64)&1 == 0 {
			return fmt.Errorf("page %d belongs to nothing", id)
		}
	}
	return nil
}

// claim notes that n pages from id on belong to something, and to nothing else.
func (w *walker) claim(id, n uint64) error {
	if id >= w.meta.pages || n > w.meta.pages-id {
		return fmt.Errorf("page %d is beyond the end of the file", id)
	}
	if w.known != nil {
		w.known.Add(int64(n))
	}
	for ; n > 0; id, n = id+1, n-1 {
		bit := uint64(1) << (id % 64)
		if w.claimed[id/64]&bit != 0 {
			return fmt.Errorf("page %d belongs to two", id)
		}
		w.claimed[id/64] |= bit
	}
	return nil
}

func (w *walker) level(depth int) *level {
	if depth == len(w.levels) {
		w.levels = append(w.levels, level{})
	}
	return &w.levels[depth]
}

// read reads a page into the room of a level.
func (w *walker) read(id uint64, depth int) (p page, err error) {
	if err := w.claim(id, 1); err != nil {
		return p, err
	}
	l := w.level(depth)
	if l.raw == nil {
		l.raw = make([]byte, w.meta.pageSize)
	}
	raw, at := l.raw, int64(id*w.meta.pageSize)
	if _, err := w.file.ReadAt(raw, at); err != nil {
		return p, fmt.Errorf("page %d: %w", id, err)
	}
	if u64(raw) != id {
		return p, fmt.Errorf("page %d says that it is another", id)
	}
	if more := uint64(u32(raw[12:])); more > 0 {
		if err := w.claim(id+1, more); err != nil {
			return p, err
		}
		raw = make([]byte, (more+1)*w.meta.pageSize)
		if _, err := w.file.ReadAt(raw, at); err != nil {
			return p, fmt.Errorf("page %d: %w", id, err)
		}
	}
	return page{id: id, flags: u16(raw[8:]), count: int(u16(raw[10:])), raw: raw}, nil
}

func (w *walker) freelist() error {
	if w.meta.freelist == noFreelist {
		return nil
	}
	p, err := w.read(w.meta.freelist, 0)
	if err != nil {
		return err
	}
	ids, n := p.raw[pageHeader:], uint64(p.count)
	if n == countBeyond {
		n, ids = u64(ids), ids[8:]
	}
	if p.flags != freelistPage || n > uint64(len(ids)/8) {
		return fmt.Errorf("page %d is no list of free pages", p.id)
	}
	for i := range n {
		if err := w.claim(u64(ids[i*8:]), 1); err != nil {
			return fmt.Errorf("the list of free pages: %w", err)
		}
	}
	return nil
}

// tree follows one tree of pages; that of the top holds the buckets.
func (w *walker) tree(id uint64, keys span, depth int, top bool) error {
	p, err := w.read(id, depth)
	if err != nil {
		return err
	}
	switch p.flags {
	case leafPage:
		if !top {
			w.leaves = depth
		}
		return w.leaf(p, keys, depth, top)
	case branchPage:
		return w.branch(p, keys, depth, top)
	}
	return fmt.Errorf("page %d is neither branch nor leaf", id)
}

func (w *walker) branch(p page, keys span, depth int, top bool) error {
	if p.count == 0 {
		return fmt.Errorf("page %d: a branch without leaves", p.id)
	}
	if w.lowest(depth, top) {
		if err := p.each(keys, func(e element) error { return w.claim(e.child, 1) }); err != nil {
			return fmt.Errorf("page %d: %w", p.id, err)
		}
		return nil
	}
	elements, err := w.elements(p, keys, depth)
	if err != nil {
		return fmt.Errorf("page %d: %w", p.id, err)
	}
	for i, e := range elements {
		below := span{e.key, keys.to}
		if i+1 < len(elements) {
			below.to = elements[i+1].key
		}
		if w.lowest(depth, top) { // which the first of them has told
			err = w.claim(e.child, 1)
		} else {
			err = w.tree(e.child, below, depth+1, top)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// lowest says whether the children of a branch are leaves that need not be read.
// All leaves of a tree lie equally deep, so the first tells which branches lead
// to no others. Reading every child would read the whole file; one that is
// damaged into something else shows when it is read.
func (w *walker) lowest(depth int, top bool) bool {
	return !top && depth+1 == w.leaves && w.known == nil
}

func (w *walker) elements(p page, keys span, depth int) (elements []element, err error) {
	l := w.level(depth)
	l.elements, err = p.elements(l.elements[:0], keys)
	return l.elements, err
}

func (w *walker) leaf(p page, keys span, depth int, top bool) error {
	elements, err := w.elements(p, keys, depth)
	if err != nil {
		return fmt.Errorf("page %d: %w", p.id, err)
	}
	for _, e := range elements {
		if top != (e.flags == bucketFlag) || !top && e.flags != 0 {
			return fmt.Errorf("page %d: a bucket where none may be, or none where one must", p.id)
		}
	}
	if top {
		err = w.buckets(elements)
	}
	if err != nil {
		return fmt.Errorf("page %d: a bucket in it: %w", p.id, err)
	}
	return nil
}

// buckets follows the buckets of a page, as many at once as there are CPUs: a
// start waits for it. Each walker notes its pages for itself; what two of them
// claimed shows when the notes are put together. Of errors it says the one of the
// first bucket.
func (w *walker) buckets(elements []element) error {
	errs := make([]error, len(elements))
	walkers := make([]*walker, min(runtime.GOMAXPROCS(0), len(elements)))
	var next atomic.Int64
	var done sync.WaitGroup
	for i := range walkers {
		own := &walker{file: w.file, meta: w.meta, known: w.known, claimed: make([]uint64, len(w.claimed))}
		walkers[i] = own
		done.Go(func() {
			for i := next.Add(1); i <= int64(len(elements)); i = next.Add(1) {
				errs[i-1] = own.bucket(elements[i-1].value)
			}
		})
	}
	done.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	for _, own := range walkers {
		if err := w.join(own); err != nil {
			return err
		}
	}
	return nil
}

// join adds what another walker claimed.
func (w *walker) join(other *walker) error {
	for i, theirs := range other.claimed {
		if twice := w.claimed[i] & theirs; twice != 0 {
			return fmt.Errorf("page %d belongs to two", i*64+bits.TrailingZeros64(twice))
		}
		w.claimed[i] |= theirs
	}
	return nil
}

// bucket follows a bucket from its entry in the top: a small one lies there
// whole.
func (w *walker) bucket(value []byte) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p) // of the page's bytes, whatever they are
		}
	}()
	if len(value) < bucketHeader {
		return errors.New("it is too short")
	}
	if root := u64(value); root != 0 {
		w.leaves = 0
		return w.tree(root, span{}, 0, false)
	}
	raw := value[bucketHeader:]
	if len(raw) < pageHeader {
		return errors.New("it is too short")
	}
	p := page{flags: u16(raw[8:]), count: int(u16(raw[10:])), raw: raw}
	if p.flags != leafPage {
		return errors.New("it is no leaf")
	}
	return w.leaf(p, span{}, 0, false)
}
