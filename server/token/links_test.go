package token_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"kunci/server/token"
)

func TestLinks(t *testing.T) {
	t.Parallel()
	r, dir := newRing(t)
	id := token.NewID()
	link := r.Link("reset", id)
	if len(link) != 43 {
		t.Errorf("%d characters", len(link))
	}
	if got, ok := r.OpenLink("reset", link); !ok || got != id {
		t.Errorf("got %x, %v, want %x", got, ok, id)
	}
	if r.Link("reset", id) != link || r.Link("confirm", id) == link || r.Link("reset", token.NewID()) == link {
		t.Error("a link's token does not follow from purpose and id alone")
	}
	rotate(t, r, at(), at())
	reopened, err := token.Open(dir, instance)
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := reopened.OpenLink("reset", link); !ok || got != id {
		t.Error("a link does not outlast a restart and a rotation")
	}
}

func TestOpenLinkRefuses(t *testing.T) {
	t.Parallel()
	r, _ := newRing(t)
	other, _ := newRing(t)
	id := token.NewID()
	link := r.Link("reset", id)
	refuse := func(name, purpose, s string) {
		t.Helper()
		if got, ok := r.OpenLink(purpose, s); ok || got != [16]byte{} {
			t.Errorf("%s: accepted, or gave an id away", name)
		}
	}
	refuse("another purpose", "confirm", link)
	refuse("a longer purpose", "reset2", link)
	refuse("no purpose", "", link)
	refuse("another ring", "reset", other.Link("reset", id))
	refuse("empty", "reset", "")
	refuse("padded", "reset", link+"=")
	refuse("a line break after", "reset", link+"\n")
	refuse("a line break for a character", "reset", link[:42]+"\n")
	refuse("long", "reset", strings.Repeat("A", 1<<16))
	alphabet := "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=.+/ \x00"
	for i := range len(link) {
		refuse("cut", "reset", link[:i])
		for _, c := range alphabet {
			if changed := link[:i] + string(c) + link[i+1:]; changed != link {
				refuse("altered", "reset", changed)
			}
		}
	}
}

func FuzzOpenLink(f *testing.F) {
	r, _ := newRing(f)
	link := r.Link("reset", [16]byte{1, 2, 3})
	f.Add("reset", link)
	f.Add("confirm", link)
	f.Add("reset", link+"=")
	f.Add("", "")
	f.Add("reset", base64.RawURLEncoding.EncodeToString(make([]byte, 32)))
	f.Fuzz(func(t *testing.T, purpose, s string) {
		id, ok := r.OpenLink(purpose, s)
		if ok && r.Link(purpose, id) != s {
			t.Fatalf("%q is not how Link writes %x", s, id)
		}
		if opened, ok := r.OpenLink(purpose, r.Link(purpose, id)); !ok || opened != id {
			t.Fatalf("Link(%q, %x) does not open", purpose, id)
		}
	})
}
