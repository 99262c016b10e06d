package db

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/google/uuid"
)

// recode decodes a record and encodes what came of it.
type recode func(s Space, key, raw []byte) (again []byte, err error)

func recodeAs[T any](s Space, key, raw []byte) ([]byte, error) {
	record := new(T)
	if err := decode(s, key, raw, record); err != nil {
		return nil, err
	}
	return encode(s, key, record)
}

// kinds are the records that lie in the data file.
var kinds = []struct {
	space  Space
	recode recode
	sample func(key []byte) ([]byte, error)
}{
	{spaceMeta, recodeAs[Info], sample(Info{Instance: uuid.Max, Dev: true, Created: 1, Schema: 1})},
	{spaceMeta, recodeAs[counter], sample(counter{Last: 1 << 63})},
	{spaceAccount, recodeAs[Account], sample(Account{ID: 1, Email: "a@b.c", Google: SocialID{Subject: "g"}, FBToken: []byte("token")})},
	{spaceSession, recodeAs[Session], sample(Session{ID: ID{1}, Account: 1, Audience: "smart", KeyHash: []byte("hash")})},
	{spaceLink, recodeAs[Link], sample(Link{ID: ID{2}, Purpose: PurposeReset, Expires: -1})},
	{spaceCompany, recodeAs[Company], sample(Company{Name: "PT Company"})},
	{spaceDivision, recodeAs[Division], sample(Division{Name: "Marcom"})},
	{spaceRole, recodeAs[Role], sample(Role{Name: "Operator"})},
	{spaceMembership, recodeAs[Membership], sample(Membership{Account: 1, Internal: true})},
	{spaceMail, recodeAs[MailJob], sample(MailJob{ID: ID{3}, Kind: "reset", Link: ID{4}, Attempts: 5})},
	{spaceMailQuota, recodeAs[MailQuota], sample(MailQuota{Sent: []MailSent{{At: 1, Range: "r"}}})},
	{spaceKnownRange, recodeAs[KnownRange], sample(KnownRange{Seen: 1})},
	{spaceAudit, recodeAs[AuditEntry], sample(AuditEntry{Prev: []byte("hash"), Event: "sign-in", Account: uuid.Max})},
	{spaceMeta, recodeAs[kept], sample(kept{Name: "kunci.db.schema-1", Probe: []byte("probe")})},
	{spaceMeta, recodeAs[auditEnds], sample(auditEnds{First: 1, Next: 2, Head: []byte("hash")})},
}

func sample[T any](record T) func(key []byte) ([]byte, error) {
	return func(key []byte) ([]byte, error) { return encode("any", key, &record) }
}

// reseal gives a body the checksum that its place asks for.
func reseal(s Space, key, body []byte) []byte {
	body = bytes.Clone(body)
	return binary.BigEndian.AppendUint32(body, sum(s, key, body))
}

// FuzzDecode decodes what may lie in a damaged file: nothing may panic, and
// what was decoded can be written again, in one form only.
func FuzzDecode(f *testing.F) {
	key := []byte("key")
	for i, kind := range kinds {
		raw, err := kind.sample(key)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(byte(i), raw[:len(raw)-4])
		f.Add(byte(i), raw[:len(raw)/2])
	}
	f.Add(byte(2), []byte{recordVersion, 0xbf, 0x01, 0x01, 0xff})                    // a map without a length
	f.Add(byte(2), []byte{recordVersion, 0xa2, 0x01, 0x01, 0x01, 0x02})              // a member twice
	f.Add(byte(3), []byte{recordVersion, 0xa1, 0x01, 0x41, 0x00})                    // an id too short
	f.Add(byte(10), []byte{recordVersion, 0xa1, 0x01, 0x9a, 0xff, 0xff, 0xff, 0xff}) // a list without end
	f.Add(byte(2), []byte{2, 0xa0})                                                  // another version
	f.Add(byte(0), []byte{})
	f.Fuzz(func(t *testing.T, n byte, body []byte) {
		kind := kinds[int(n)%len(kinds)]
		var damaged *DamagedError
		if _, err := kind.recode(kind.space, key, body); err != nil && !errors.As(err, &damaged) {
			t.Errorf("without a checksum: %v", err)
		}
		once, err := kind.recode(kind.space, key, reseal(kind.space, key, body))
		if errors.As(err, &damaged) {
			return
		}
		if err != nil {
			t.Fatalf("what was read can't be written: %v", err)
		}
		twice, err := kind.recode(kind.space, key, once)
		if err != nil || !bytes.Equal(once, twice) {
			t.Errorf("%x, then %x, %v", once, twice, err)
		}
	})
}

func TestChecksumCoversPlace(t *testing.T) {
	t.Parallel()
	raw, err := encode(spaceAccount, accountKey(1), &Account{ID: 1, Email: "a@b.c"})
	if err != nil {
		t.Fatal(err)
	}
	if err := decode(spaceAccount, accountKey(1), raw, new(Account)); err != nil {
		t.Fatal(err)
	}
	flipped := func(i int) []byte { out := bytes.Clone(raw); out[i] ^= 1; return out }
	tests := map[string]func() error{
		"another key":   func() error { return decode(spaceAccount, accountKey(2), raw, new(Account)) },
		"another space": func() error { return decode(spaceMail, accountKey(1), raw, new(Account)) },
		"another kind": func() error {
			return decode(spaceRole, accountKey(1), reseal(spaceRole, accountKey(1), raw[:len(raw)-4]), new(Role))
		},
		"nothing": func() error { return decode(spaceAccount, accountKey(1), nil, new(Account)) },
		"a byte too many": func() error {
			return decode(spaceAccount, accountKey(1), append(raw[:len(raw):len(raw)], 0), new(Account))
		},
		"a tail behind the record": func() error {
			return decode(spaceAccount, accountKey(1), reseal(spaceAccount, accountKey(1), append(raw[:len(raw)-4:len(raw)-4], 0)), new(Account))
		},
		"another version": func() error {
			return decode(spaceAccount, accountKey(1), reseal(spaceAccount, accountKey(1), flipped(0)[:len(raw)-4]), new(Account))
		},
	}
	for i := range raw {
		if err := decode(spaceAccount, accountKey(1), flipped(i), new(Account)); err == nil {
			t.Errorf("byte %d flipped: not noticed", i)
		}
	}
	for name, attempt := range tests {
		var damaged *DamagedError
		if err := attempt(); !errors.As(err, &damaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAfter(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ prefix, want []byte }{
		{[]byte{1}, []byte{2}}, {[]byte{1, 0xff}, []byte{2}}, {[]byte{0xff, 0xff}, nil}, {nil, nil}, {[]byte{0, 0}, []byte{0, 1}},
	} {
		if got := after(test.prefix); !bytes.Equal(got, test.want) || (got == nil) != (test.want == nil) {
			t.Errorf("after %x: %x, want %x", test.prefix, got, test.want)
		}
	}
}

// TestSpaces holds the table together: every space once, in order, none newer
// than the schema.
func TestSpaces(t *testing.T) {
	t.Parallel()
	for i, s := range spaces {
		if s.since < 1 || s.since > Schema || i > 0 && spaces[i-1].name >= s.name {
			t.Errorf("%s stands in the wrong place, or since schema %d", s.name, s.since)
		}
	}
	if len(migrations) != Schema-1 {
		t.Errorf("%d migrations lead to schema %d", len(migrations), Schema)
	}
}
