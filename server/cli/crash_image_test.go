package cli_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// crashDisk is a disk as the recorded calls leave it: what is on it for sure,
// and what was not yet synced, of which a power cut may leave any part. It is
// stricter than file systems are: a file's sync says nothing of its name, and
// names that were not synced may be lost in any order.
type crashDisk struct {
	root    string // the folder that stands before and after
	top     *crashNode
	open    map[int]*crashNode
	written map[int]int // how far write has come in each open file
	begun   map[string]*crashPending
	acks    map[string]int // by X-Request-Id: after how many calls it was answered
}

// crashNode is a file or a folder.
type crashNode struct {
	folder  bool
	content []byte
	names   map[string]*crashNode // on the disk
	now     map[string]*crashNode // as the processes see them
	pending []*crashChange
}

// crashChange is one change that was not synced. One of names belongs to each
// folder that it changes, and is kept or lost as a whole.
type crashChange struct {
	done bool // the call has ended
	// of a file
	at   int
	data []byte
	size int // of a truncate, -1 else
	// of names: nil nodes are removed
	names []crashName
}

type crashName struct {
	in   *crashNode
	name string
	node *crashNode
}

// crashPending is a call that has begun.
type crashPending struct {
	call    crashCall
	node    *crashNode
	change  *crashChange
	covered []*crashChange // by a sync: what was done when it began
}

func crashNewDisk(root string) *crashDisk {
	return &crashDisk{
		root: root, top: crashFolder(), open: map[int]*crashNode{}, written: map[int]int{},
		begun: map[string]*crashPending{}, acks: map[string]int{},
	}
}

func crashFolder() *crashNode {
	return &crashNode{folder: true, names: map[string]*crashNode{}, now: map[string]*crashNode{}}
}

// find is the folder and name that a path means; nil outside of the disk.
func (d *crashDisk) find(path string) (in *crashNode, name string) {
	rest, ours := strings.CutPrefix(path, d.root+"/")
	if !ours {
		return nil, ""
	}
	in = d.top
	parts := strings.Split(filepath.Clean(rest), "/")
	for _, part := range parts[:len(parts)-1] {
		if in = in.now[part]; in == nil {
			return nil, ""
		}
	}
	return in, parts[len(parts)-1]
}

func (d *crashDisk) node(path string) *crashNode {
	if path == d.root {
		return d.top
	}
	if in, name := d.find(path); in != nil {
		return in.now[name]
	}
	return nil
}

// step does the n-th call. Writes may be on the disk from their begin on;
// what a sync covers is on it from the sync's end on.
func (d *crashDisk) step(n int, c crashCall) {
	if c.begin {
		d.begin(c)
	}
	if c.end {
		p := d.begun[c.thread]
		delete(d.begun, c.thread)
		if p == nil {
			return // it began before strace saw it
		}
		p.call.result = c.result
		d.end(n, p)
	}
}

func (d *crashDisk) begin(c crashCall) {
	p := &crashPending{call: c}
	d.begun[c.thread] = p
	switch c.name {
	case "close":
		// Its number may be given anew before strace sees that it has ended.
		delete(d.open, c.number(0))
	case "write", "pwrite64", "ftruncate", "fsync", "fdatasync":
		fd := c.number(0)
		if p.node = d.open[fd]; p.node == nil {
			return
		}
		p.change = &crashChange{size: -1}
		switch c.name {
		case "write":
			p.change.at, p.change.data = d.written[fd], []byte(c.text(1))
			d.written[fd] += len(p.change.data)
		case "pwrite64":
			p.change.at, p.change.data = c.number(3), []byte(c.text(1))
		case "ftruncate":
			p.change.size = c.number(1)
		default:
			for _, change := range p.node.pending {
				if change.done {
					p.covered = append(p.covered, change)
				}
			}
			return
		}
		p.node.pending = append(p.node.pending, p.change)
	}
}

var crashAnswered = regexp.MustCompile(`^HTTP/1\.1 2[^\n]*\n(?s:.*?)\nX-Request-Id: ([0-9a-f-]+)`)

func (d *crashDisk) end(n int, p *crashPending) {
	c := &p.call
	if c.result < 0 {
		if p.change != nil && p.node != nil {
			p.node.pending = slices.DeleteFunc(p.node.pending, func(x *crashChange) bool { return x == p.change })
		}
		return
	}
	switch c.name {
	case "openat":
		d.opened(c)
	case "write":
		if p.node != nil {
			p.change.done = true
		} else if raw := c.arg(1); strings.HasPrefix(raw, `"\x48\x54\x54\x50`) {
			if m := crashAnswered.FindStringSubmatch(c.text(1)); m != nil {
				d.acks[m[1]] = n
			}
		}
	case "pwrite64", "ftruncate":
		if p.node != nil {
			p.change.done = true
		}
	case "fsync", "fdatasync":
		if p.node != nil {
			p.node.sync(p.covered)
		}
	case "mkdir":
		d.name(c.text(0), crashFolder())
	case "mkdirat":
		d.name(c.text(1), crashFolder())
	case "unlink", "rmdir":
		d.name(c.text(0), nil)
	case "unlinkat":
		d.name(c.text(1), nil)
	case "link":
		d.name(c.text(1), d.node(c.text(0)))
	case "linkat":
		d.name(c.text(3), d.node(c.text(1)))
	case "rename":
		d.rename(c.text(0), c.text(1))
	case "renameat", "renameat2":
		d.rename(c.text(1), c.text(3))
	}
}

func (d *crashDisk) opened(c *crashCall) {
	path := c.text(1)
	n := d.node(path)
	if n == nil && strings.Contains(c.arg(2), "O_CREAT") {
		if in, _ := d.find(path); in != nil {
			n = &crashNode{}
			d.name(path, n)
		}
	}
	if n != nil {
		d.open[c.result], d.written[c.result] = n, 0
	}
}

func (d *crashDisk) name(path string, n *crashNode) {
	if in, name := d.find(path); in != nil {
		d.change(crashName{in, name, n})
	}
}

func (d *crashDisk) rename(from, to string) {
	a, old := d.find(from)
	b, name := d.find(to)
	if a != nil && b != nil {
		n := a.now[old]
		d.change(crashName{a, old, nil}, crashName{b, name, n})
	}
}

// change changes names for the processes, and on the disk some day.
func (d *crashDisk) change(names ...crashName) {
	change := &crashChange{done: true, names: names}
	for _, x := range names {
		x.set(func(n *crashNode) map[string]*crashNode { return n.now })
		if !slices.Contains(x.in.pending, change) {
			x.in.pending = append(x.in.pending, change)
		}
	}
}

func (x crashName) set(which func(*crashNode) map[string]*crashNode) {
	if x.node == nil {
		delete(which(x.in), x.name)
	} else {
		which(x.in)[x.name] = x.node
	}
}

// sync puts changes on the disk for good.
func (n *crashNode) sync(covered []*crashChange) {
	for _, change := range n.pending {
		if !slices.Contains(covered, change) {
			continue
		}
		for _, x := range change.names {
			x.set(func(n *crashNode) map[string]*crashNode { return n.names })
			if x.in != n {
				x.in.pending = slices.DeleteFunc(x.in.pending, func(y *crashChange) bool { return y == change })
			}
		}
		n.content = change.apply(n.content, func() bool { return true })
	}
	n.pending = slices.DeleteFunc(n.pending, func(x *crashChange) bool { return slices.Contains(covered, x) })
}

const crashSector = 512

// apply writes those sectors of a change that are kept.
func (c *crashChange) apply(content []byte, kept func() bool) []byte {
	if c.size >= 0 {
		if kept() {
			content = crashResize(content, c.size)
		}
		return content
	}
	for from := 0; from < len(c.data); {
		to := min(len(c.data), ((c.at+from)/crashSector+1)*crashSector-c.at)
		if kept() {
			content = crashResize(content, max(len(content), c.at+to))
			copy(content[c.at+from:], c.data[from:to])
		}
		from = to
	}
	return content
}

func crashResize(content []byte, size int) []byte {
	if size <= len(content) {
		return content[:size:size]
	}
	return append(content[:len(content):len(content)], make([]byte, size-len(content))...)
}

// cut writes into an empty folder what a power cut now may leave. How much of
// what was not synced is kept differs from one image to the next.
func (d *crashDisk) cut(dir string) error {
	chance := []int{0, 1, 5, 9, 10}[rand.IntN(5)]
	keeps := func() bool { return rand.IntN(10) < chance }
	decided := map[*crashChange]bool{}
	return d.top.write(dir, keeps, decided, map[*crashNode]string{})
}

func (n *crashNode) write(path string, keeps func() bool, decided map[*crashChange]bool, made map[*crashNode]string) error {
	if other, linked := made[n]; linked && !n.folder {
		return os.Link(other, path)
	}
	made[n] = path
	if !n.folder {
		content := slices.Clone(n.content)
		for _, change := range n.pending {
			switch torn := rand.IntN(3); {
			case torn == 0:
				content = change.apply(content, func() bool { return rand.IntN(2) == 0 })
			case keeps():
				content = change.apply(content, func() bool { return true })
			}
		}
		return os.WriteFile(path, content, 0o600)
	}
	names := map[string]*crashNode{}
	for name, node := range n.names {
		names[name] = node
	}
	for _, change := range n.pending {
		keep, known := decided[change]
		if !known {
			keep = keeps()
			decided[change] = keep
		}
		for _, x := range change.names {
			if keep && x.in == n {
				x.set(func(*crashNode) map[string]*crashNode { return names })
			}
		}
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	for name, node := range names {
		if err := node.write(filepath.Join(path, name), keeps, decided, made); err != nil {
			return err
		}
	}
	return nil
}
