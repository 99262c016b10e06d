package auth

import (
	"hash/maphash"
	"reflect"

	"kunci/db"
)

// claims are the values that rows of this file have taken, each as 64 bits of
// a keyed hash: a million rows, which have about four each, take about 100 MB.
// Among that many, two different ones pass for the same once in a million
// files.
type claims struct {
	seed maphash.Seed
	held map[uint64]claimant
}

// claimant is the row that holds a value.
type claimant struct {
	line int64
	who  uint64 // of its UUID
}

func newClaims() *claims { return &claims{maphash.MakeSeed(), map[uint64]claimant{}} }

func (c *claims) key(field, value string) uint64 {
	var h maphash.Hash
	h.SetSeed(c.seed)
	_, _ = h.WriteString(field) // it never fails
	_ = h.WriteByte(0)
	_, _ = h.WriteString(value)
	return h.Sum64()
}

// claim is one value that must be unique, and how the store finds its holder.
type claim struct {
	field, value string
	holder       func(db.View) (*db.Account, error)
}

// claims of a row, its UUID first.
func (r *importRow) claims() []claim {
	a := &r.account
	all := []claim{
		{"uuid", a.UUID.String(), func(v db.View) (*db.Account, error) { return v.AccountByUUID(a.UUID) }},
		{"email", db.FoldEmail(a.Email), func(v db.View) (*db.Account, error) { return v.AccountByEmail(a.Email) }},
	}
	if a.ID != 0 {
		all = append(all, claim{"id", idText(a.ID), func(v db.View) (*db.Account, error) { return v.Account(a.ID) }})
	}
	if folded, ok := db.FoldUsername(a.Username); ok && a.Username != "" {
		all = append(all, claim{"username", folded, func(v db.View) (*db.Account, error) { return v.AccountByUsername(a.Username) }})
	}
	for _, s := range []struct {
		field string
		id    db.SocialID
		by    func(db.View, db.SocialID) (*db.Account, error)
	}{{"google_id", a.Google, db.View.AccountByGoogle}, {"facebook_id", a.Facebook, db.View.AccountByFacebook}} {
		if s.id.Subject != "" {
			all = append(all, claim{s.field, claimedText(s.id.Claimed) + s.id.Subject, func(v db.View) (*db.Account, error) { return s.by(v, s.id) }})
		}
	}
	return all
}

// claimedText keeps ids that were claimed apart from those that were proved.
func claimedText(claimed bool) string {
	if claimed {
		return "claimed "
	}
	return ""
}

// judge returns the rows that can stand, and counts the others.
func (im *importer) judge(v db.View, rows []*importRow) (fresh []*importRow, err error) {
	last, err := v.LastAccountID()
	if err != nil {
		return nil, err
	}
	im.lastID = max(im.lastID, last)
	for _, r := range rows {
		there := false
		if r.faults == nil {
			if there, err = im.place(v, r); err != nil {
				return nil, err
			}
		}
		switch {
		case there:
			im.report.There++
		case r.faults != nil:
			im.refuse(r)
		default:
			fresh = append(fresh, r)
		}
	}
	return fresh, nil
}

// place finds whether a row is there already, can't stand, or takes its place
// among those that will.
func (im *importer) place(v db.View, r *importRow) (there bool, err error) {
	all := r.claims()
	keys := make([]uint64, len(all))
	who := im.claims.key(all[0].field, all[0].value)
	for i, c := range all {
		keys[i] = im.claims.key(c.field, c.value)
		holder, err := c.holder(v)
		switch {
		case err == nil && c.field == "uuid" && r.is(holder):
			if r.changed(holder) {
				im.report.Changed++
			}
			return true, nil
		case err == nil:
			r.fault(c.field, "taken", 0)
			continue
		case !isNotFound(err):
			return false, err
		}
		if earlier, held := im.claims.held[keys[i]]; held {
			if c.field == "uuid" && im.again(r, all) {
				return true, nil
			}
			r.fault(c.field, "twice", earlier.line)
		}
	}
	if r.faults == nil {
		if err := im.book.place(v, r, im.now, im.dry); err != nil {
			return false, err
		}
	}
	if r.faults != nil {
		return false, nil
	}
	id := r.account.ID
	if id == 0 { // this one, if nobody else comes
		id = im.lastID + 1
		keys = append(keys, im.claims.key("id", idText(id)))
	}
	im.lastID = max(im.lastID, id)
	for _, k := range keys {
		im.claims.held[k] = claimant{r.line, who}
	}
	return false, nil
}

// again says whether an earlier row is this one once more: it has the same
// UUID, e-mail, and id if one is given.
func (im *importer) again(r *importRow, all []claim) bool {
	who := im.claims.key(all[0].field, all[0].value)
	for _, c := range all {
		if c.field != "email" && c.field != "id" {
			continue
		}
		if im.claims.held[im.claims.key(c.field, c.value)].who != who {
			return false
		}
	}
	return true
}

// is says whether an account that has the row's UUID was made of this row.
func (r *importRow) is(a *db.Account) bool {
	if !r.ownUUID {
		return true // the UUID was made of all the others
	}
	return db.FoldEmail(a.Email) == db.FoldEmail(r.account.Email) && (r.account.ID == 0 || a.ID == r.account.ID)
}

// changed says whether an account is no longer as its row made it. Passwords
// are not compared: the first sign-in replaces another system's hash.
func (r *importRow) changed(a *db.Account) bool {
	was, is := r.account, *a
	was.ID, was.PasswordHash, was.WeakPassword, was.GCMID = is.ID, is.PasswordHash, is.WeakPassword, is.GCMID
	was.FBToken, was.Epoch, was.Updated = is.FBToken, is.Epoch, is.Updated
	if !r.given("created") {
		was.Created = is.Created
	}
	return !reflect.DeepEqual(was, is)
}
