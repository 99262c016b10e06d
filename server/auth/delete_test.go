package auth_test

import (
	"fmt"
	"testing"

	"kunci/db"
	"kunci/server/auth"
)

func TestDeleteLeavesNothing(t *testing.T) {
	t.Parallel()
	h, spy := spiedHouse(t)
	member := h.company()
	member.Username, member.Phone, member.Name = ptr("quetzal"), ptr("0899887766"), ptr("Zanzibar Oktavianus")
	member.GoogleID, member.FacebookID, member.IDLocation = ptr("google-4711"), ptr("facebook-4711"), ptr("lokasi-4711")
	email := "xylophone@example.com"
	u := h.add(email, member)
	other := h.register("stays@example.com", "stays")
	for i := range 30 { // more than one act removes, of every kind
		must[*auth.Grant](t)(h.login(shoop, email, goodPassword, fmt.Sprintf("10.0.%d.1", i)))
		h.in(snapotp, email)
		must[auth.Done](t)(h.Forgot(t.Context(), caller(shoop, fmt.Sprintf("10.0.%d.1", i)), auth.Forgot{Email: email, WithProfile: true}))
	}
	words := []string{"xylophone", "quetzal", "zanzibar", "0899887766", "google-4711", "facebook-4711", "lokasi-4711", "10.0.3.0"}
	full := spy.dump(t)
	for _, word := range words {
		if len(holders(full, word)) == 0 {
			t.Fatalf("%q is not stored to begin with", word)
		}
	}
	id := string([]byte{0, 0, 0, 0, 0, 0, 0, byte(u.ID)})
	for _, space := range []db.Space{"session_account", "link_account", "mail_account", "known_range", "mail_quota", "membership"} {
		if len(holders(map[db.Space]string{space: full[space]}, id)) == 0 {
			t.Fatalf("nothing in %s to begin with", space)
		}
	}

	h.check(h.op.Delete(t.Context(), email))
	left := spy.dump(t)
	for _, word := range words {
		if where := holders(left, word); len(where) != 0 {
			t.Errorf("%q is left in %v", word, where)
		}
	}
	for space, text := range left { // entries of the audit log have numbers of their own
		if space != "meta" && space != "audit" && len(holders(map[db.Space]string{space: text}, id)) != 0 {
			t.Errorf("the account's id is left in %s", space)
		}
	}
	wantKind(t, h.op.Delete(t.Context(), email), auth.NotFound)
	if !h.stands(other.Token) {
		t.Error("another account's session went along")
	}
	for _, c := range must[[]auth.Organised](t)(h.op.Companies()) {
		if c.Members != 0 {
			t.Errorf("%s still counts %d members", c.Name, c.Members)
		}
	}
	if g := h.register(email, "quetzal"); g.ID != other.ID+1 {
		t.Errorf("the address comes back as id %d", g.ID)
	}
}

// Deleting goes on while somebody asks for mails and signs in.
func TestDeleteWhileInUse(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("budi@example.com", "")
	for range 25 {
		h.in(shoop, "budi@example.com")
	}
	errs := atOnce(4, func(i int) (err error) {
		switch i {
		case 0:
			return h.op.Delete(t.Context(), "budi@example.com")
		case 1:
			_, err = h.Forgot(t.Context(), caller(snapotp, home), auth.Forgot{Email: "budi@example.com"})
			return err
		}
		_, err = h.login(snapotp, "budi@example.com", goodPassword, home)
		return err
	})
	if errs[0] != nil || errs[1] != nil {
		t.Error(errs)
	}
	if _, err := h.op.User("budi@example.com"); err == nil {
		t.Error("the account stands")
	} // that nothing is left of it, the store's own check sees at cleanup
}
