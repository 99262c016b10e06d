package bolt_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"testing"

	"kunci/db"
)

// pages are the ids of a file's pages with these flags, but for the first four,
// which the making of a file leaves behind.
func pages(raw []byte, flags uint16) (ids []uint64) {
	size := os.Getpagesize()
	for id := 4; (id+1)*size <= len(raw); id++ {
		if p := raw[id*size:]; binary.NativeEndian.Uint64(p) == uint64(id) && binary.NativeEndian.Uint16(p[8:]) == flags {
			ids = append(ids, uint64(id))
		}
	}
	return ids
}

func TestPagesThatLeadAstray(t *testing.T) {
	t.Parallel()
	raw := filled(t)
	branches, leaves, free := pages(raw, 0x01), pages(raw, 0x02), pages(raw, 0x10)
	if len(branches) < 2 || len(leaves) < 10 || len(free) != 1 {
		t.Fatalf("a file of other form: branches %v, %d leaves, free lists %v", branches, len(leaves), free)
	}
	size := uint64(os.Getpagesize())
	word := func(page, at, value uint64) func([]byte) {
		return func(raw []byte) { binary.NativeEndian.PutUint64(raw[page*size+at:], value) }
	}
	big := branches[len(branches)-1]
	tests := []struct {
		name   string
		change func([]byte)
	}{
		{"a branch is its own first child", word(big, 16+8, big)},
		{"a branch is its own second child", word(big, 32+8, big)},
		{"two branches hold each other", func(raw []byte) {
			word(branches[0], 16+8, branches[1])(raw)
			word(branches[1], 16+8, branches[0])(raw)
		}},
		{"a child beyond the file", word(big, 16+8, 1<<40)},
		{"a child at the end of numbers", word(big, 32+8, 1<<64-1)},
		{"a child is a meta page", word(big, 16+8, 1)},
		{"a child is the list of free pages", word(big, 16+8, free[0])},
		{"a child is free", word(big, 32+8, 3)},
		{"a branch says that it is another", word(big, 0, 1)},
		{"a branch without type", func(raw []byte) { raw[big*size+8] = 0 }},
		{"a branch without entries", func(raw []byte) { raw[big*size+10], raw[big*size+11] = 0, 0 }},
		{"a branch with too many entries", func(raw []byte) { raw[big*size+11] = 0xFF }},
		{"a branch that runs on beyond the file", func(raw []byte) { raw[big*size+15] = 0xFF }},
		{"a key beyond its page", func(raw []byte) { raw[big*size+16+3] = 0x7F }},
		{"a list of more free pages than there can be", func(raw []byte) {
			raw[free[0]*size+10], raw[free[0]*size+11] = 0xFF, 0xFF
			word(free[0], 16, 1<<60)(raw)
		}},
		{"a free page that is used", word(free[0], 16, big)},
		{"a free page beyond the file", word(free[0], 16, 1<<40)},
		{"a list of free pages that is a leaf", func(raw []byte) { raw[free[0]*size+8] = 2 }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			content := bytes.Clone(raw)
			test.change(content)
			if _, err := damaged(t, content); !errors.Is(err, db.ErrEngineDamaged) {
				t.Errorf("error %v", err)
			}
		})
	}
}
