package bolt

import (
	"errors"
	"fmt"
	"io"
)

// walker follows the pages of a file from its meta page, reading it like any
// other file: bbolt itself follows pages without asking where they lead, and
// one that leads back to itself, or out of the file, ends the process.
type walker struct {
	file    io.ReaderAt
	meta    meta
	deep    bool     // every page; otherwise those that lead to others
	claimed []uint64 // a bit for each page that belongs to something
}

// walk says what is wrong with the pages of a file, nil where nothing is. A
// shallow walk sees to it that following them comes to an end inside the file;
// a deep one reads every page and leaves none unaccounted for.
func walk(file io.ReaderAt, m meta, deep bool) error {
	w := &walker{file: file, meta: m, deep: deep, claimed: make([]uint64, m.pages/64+1)}
	for _, step := range []func() error{
		func() error { return w.claim(0, 2) },
		w.freelist,
		func() error { return w.tree(m.root, span{}, true) },
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
	for ; n > 0; id, n = id+1, n-1 {
		bit := uint64(1) << (id % 64)
		if w.claimed[id/64]&bit != 0 {
			return fmt.Errorf("page %d belongs to two", id)
		}
		w.claimed[id/64] |= bit
	}
	return nil
}

func (w *walker) read(id uint64) (p page, err error) {
	if err := w.claim(id, 1); err != nil {
		return p, err
	}
	head := make([]byte, pageHeader)
	at := int64(id * w.meta.pageSize)
	if _, err := w.file.ReadAt(head, at); err != nil {
		return p, fmt.Errorf("page %d: %w", id, err)
	}
	if u64(head) != id {
		return p, fmt.Errorf("page %d says that it is another", id)
	}
	more := uint64(u32(head[12:]))
	if more > 0 {
		if err := w.claim(id+1, more); err != nil {
			return p, err
		}
	}
	p = page{id: id, flags: u16(head[8:]), count: int(u16(head[10:])), raw: make([]byte, (more+1)*w.meta.pageSize)}
	if _, err := w.file.ReadAt(p.raw, at); err != nil {
		return p, fmt.Errorf("page %d: %w", id, err)
	}
	return p, nil
}

func (w *walker) freelist() error {
	if w.meta.freelist == noFreelist {
		return nil
	}
	p, err := w.read(w.meta.freelist)
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
func (w *walker) tree(id uint64, keys span, top bool) error {
	p, err := w.read(id)
	if err != nil {
		return err
	}
	switch p.flags {
	case leafPage:
		return w.leaf(p, keys, top)
	case branchPage:
		return w.branch(p, keys, top)
	}
	return fmt.Errorf("page %d is neither branch nor leaf", id)
}

func (w *walker) branch(p page, keys span, top bool) error {
	elements, err := p.elements(keys)
	if err == nil && len(elements) == 0 {
		err = errors.New("a branch without leaves")
	}
	if err != nil {
		return fmt.Errorf("page %d: %w", p.id, err)
	}
	// All leaves of a tree lie equally deep, so the first child tells whether
	// the others lead on.
	leaves := false
	for i, e := range elements {
		below := span{e.key, keys.to}
		if i+1 < len(elements) {
			below.to = elements[i+1].key
		}
		if leaves && !w.deep && !top {
			err = w.claim(e.child, 1)
		} else {
			err = w.tree(e.child, below, top)
		}
		if err != nil {
			return err
		}
		if i == 0 {
			leaves = w.isLeaf(e.child)
		}
	}
	return nil
}

func (w *walker) isLeaf(id uint64) bool {
	flags := make([]byte, 2)
	_, err := w.file.ReadAt(flags, int64(id*w.meta.pageSize)+8)
	return err == nil && u16(flags) == leafPage
}

func (w *walker) leaf(p page, keys span, top bool) error {
	elements, err := p.elements(keys)
	if err != nil {
		return fmt.Errorf("page %d: %w", p.id, err)
	}
	for _, e := range elements {
		if top != (e.flags == bucketFlag) || !top && e.flags != 0 {
			return fmt.Errorf("page %d: a bucket where none may be, or none where one must", p.id)
		}
		if !top {
			continue
		}
		if err := w.bucket(e.value); err != nil {
			return fmt.Errorf("page %d: a bucket in it: %w", p.id, err)
		}
	}
	return nil
}

// bucket follows a bucket from its entry in the top: a small one lies there
// whole.
func (w *walker) bucket(value []byte) error {
	if len(value) < bucketHeader {
		return errors.New("it is too short")
	}
	if root := u64(value); root != 0 {
		return w.tree(root, span{}, false)
	}
	raw := value[bucketHeader:]
	if len(raw) < pageHeader {
		return errors.New("it is too short")
	}
	p := page{flags: u16(raw[8:]), count: int(u16(raw[10:])), raw: raw}
	if p.flags != leafPage {
		return errors.New("it is no leaf")
	}
	return w.leaf(p, span{}, false)
}
