package auth_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kunci/db"
	"kunci/server/auth"
)

// bring imports NDJSON, and returns what is said of each refused row.
func (h *house) bring(how auth.Import, text string) (*auth.ImportReport, []string) {
	h.t.Helper()
	var said []string
	if how.Format == "" {
		how.Format = auth.ImportNDJSON
	}
	report, err := h.op.Import(h.t.Context(), strings.NewReader(text), how, func(n auth.ImportNews) error {
		for _, f := range n.Refused {
			said = append(said, strings.TrimSpace(fmt.Sprintf("%d %s %s %d %s", f.Line, f.Field, f.Reason, f.N, f.Detail)))
		}
		return nil
	})
	h.check(err)
	return report, said
}

func (h *house) users() (all []*auth.User) {
	h.t.Helper()
	h.check(h.op.Users(0, func(u *auth.User, err error) bool { h.check(err); all = append(all, u); return true }))
	return all
}

// Every column is kept, in both formats alike.
func TestImportColumns(t *testing.T) {
	t.Parallel()
	const id, customer, company, division, role = "6f9619ff-8b86-4d01-b42d-00cf4fc964f1", "6f9619ff-8b86-4d01-b42d-00cf4fc964f2",
		"6f9619ff-8b86-4d01-b42d-00cf4fc964f3", "6f9619ff-8b86-4d01-b42d-00cf4fc964f4", "6f9619ff-8b86-4d01-b42d-00cf4fc964f5"
	for format, text := range map[string]string{
		auth.ImportNDJSON: "\xef\xbb\xbf" + `{"id":70,"uuid":"` + id + `","customer_id":"` + strings.ToUpper(customer) + `","email":"Siti@Example.com","username":"Siti",
			"name":"Siti \"R\"","phone":"0812","password_hash":"{CRYPT}$2b$04$/nDQAW.pG3excz0D44dgtO.ws1wrkhAn2OaaRdnUi5QDKpUEpnCFG","credit_balance":-5,"role_id":0,
			"id_location":"7","longitude":106.80,"latitude":"-6.2","avatar":"a.png","gcm_id":"g","google_id":"g-1","google_claimed":true,"facebook_id":"f-1",
			"facebook_claimed":null,"email_verified":true,"self_registered":true,"disabled":true,"weak_password":true,"company":" PT  Maju ","company_uuid":"` + company + `",
			"division":"Gudang","division_uuid":"` + division + `","role":"Kepala","role_uuid":"` + role + `","internal":true,
			"created":"2020-01-02T10:04:05.678+07:00","updated":"2021-01-02T03:04:05Z"}`,
		auth.ImportCSV: "id,uuid,customer_id,email,username,name,phone,password_hash,credit_balance,role_id,id_location,longitude,latitude,avatar,gcm_id,google_id,google_claimed," +
			"facebook_id,email_verified,self_registered,disabled,weak_password,company,company_uuid,division,division_uuid,role,role_uuid,internal,created,updated\r\n" +
			"70," + id + "," + customer + `,Siti@Example.com,Siti,"Siti ""R""",0812,$2b$04$/nDQAW.pG3excz0D44dgtO.ws1wrkhAn2OaaRdnUi5QDKpUEpnCFG,-5,0,7,106.80,-6.2,a.png,g,g-1,true,` +
			"f-1,true,true,true,true,PT Maju," + company + ",Gudang," + division + ",Kepala," + role + ",true,2020-01-02T03:04:05.678Z,2021-01-02T03:04:05Z\r\n",
	} {
		h := newHouse(t)
		if format == auth.ImportNDJSON {
			text = strings.ReplaceAll(text, "\n", " ")
		}
		report, said := h.bring(auth.Import{Format: format}, text)
		want := &auth.ImportReport{
			Rows: 1, Imported: 1, InFile: map[string]int64{}, InStore: map[string]int64{},
			Hashes: map[string]int64{"bcrypt": 1}, Companies: 1, Divisions: 1, Roles: 1,
		}
		if diff := cmp.Diff(want, report); diff != "" || said != nil {
			t.Fatalf("%s: %s %q", format, diff, said)
		}
		u := must[*auth.User](t)(h.op.User("70"))
		if diff := cmp.Diff(&auth.User{
			ID: 70, UUID: id, CustomerID: customer, Email: "Siti@Example.com", Username: "Siti", Name: `Siti "R"`, Phone: "0812", CreditBalance: -5, RoleID: 0,
			IDLocation: "7", Longitude: "106.80", Latitude: "-6.2", Avatar: "a.png", GCMID: "g", GoogleID: "g-1", FacebookID: "f-1", EmailVerified: true,
			SelfRegistered: true, Disabled: true, WeakPassword: true, PasswordFamily: "bcrypt", Company: "PT Maju", Division: "Gudang", Role: "Kepala", Internal: true,
			Created: time.Date(2020, 1, 2, 3, 4, 5, 678e6, time.UTC), Updated: time.Date(2021, 1, 2, 3, 4, 5, 0, time.UTC),
		}, u); diff != "" {
			t.Errorf("%s: %s", format, diff)
		}
		a := h.account("siti@example.com")
		if !a.Google.Claimed || a.Facebook.Claimed || a.PasswordHash[0] != '$' {
			t.Errorf("%s: account %+v", format, a)
		}
		h.check(h.Store.View(func(v db.View) error {
			m, err := v.Membership(70)
			if err == nil && (m.Company.String() != company || m.Division.String() != division || m.Role.String() != role) {
				t.Errorf("%s: membership %+v", format, m)
			}
			return err
		}))
		if g := h.register("budi@example.com", "budi"); g.ID != 71 {
			t.Errorf("%s: the next id is %d", format, g.ID)
		}
	}
}

// What a row does not say is as for an account that an operator makes.
func TestImportDefaults(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.bring(auth.Import{}, `{"email":"a@example.com"}`+"\n\n"+`{"email":"b@example.com","created":"2020-01-02T03:04:05Z","internal":false}`)
	now, then := h.clock.Now(), time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	all := h.users()
	for i, want := range []*auth.User{
		{ID: 1, Email: "a@example.com", RoleID: 3, Created: now, Updated: now},
		{ID: 2, Email: "b@example.com", RoleID: 3, Created: then, Updated: then},
	} {
		want.UUID, want.CustomerID = all[i].UUID, all[i].UUID
		if diff := cmp.Diff(want, all[i]); diff != "" {
			t.Error(diff)
		}
	}
}

// Rows that are wrong are refused alone, each with its line, field and reason,
// and without its hash.
func TestImportRefuses(t *testing.T) {
	t.Parallel()
	var rows, wants []string
	for row, want := range map[string]string{
		`{"name":"A"}`:                                                       "email required 0",
		`{"email":5}`:                                                        "email not_text 0",
		`{"email":"a@b.co","id":"7"}`:                                        "id not_integer 0",
		`{"email":"a@b.co","id":0}`:                                          "id not_id 0",
		`{"email":"a@b.co","id":9007199254740992}`:                           "id not_id 0",
		`{"email":"a@b.co","credit_balance":1.0}`:                            "credit_balance not_integer 0",
		`{"email":"a@b.co","credit_balance":9223372036854775808}`:            "credit_balance not_integer 0",
		`{"email":"a@b.co","disabled":1}`:                                    "disabled not_bool 0",
		`{"email":"a@b.co","disabled":"true"}`:                               "disabled not_bool 0",
		`{"email":"a@b.co","created":"2020-01-02"}`:                          "created not_time 0",
		`{"email":"a@b.co","created":"1960-01-02T00:00:00Z"}`:                "created not_time 0",
		`{"email":"a@b.co","uuid":"{6f9619ff-8b86-4d01-b42d-00cf4fc964f1}"}`: "uuid not_uuid 0",
		`{"email":"a@b.co","uuid":"00000000-0000-0000-0000-000000000000"}`:   "uuid not_uuid 0",
		`{"email":"a@b.co","latitude":"91"}`:                                 "latitude not_number 0",
		`{"email":"a@b.co","latitude":true}`:                                 "latitude not_number 0",
		`{"email":"a@b.co","name":["A"]}`:                                    "name not_value 0",
		`{"email":"a@b.co","name":"A\u0007"}`:                                "name control 0",
		`{"email":"a@b.co","password_hash":"$9$abcsecret"}`:                  "password_hash hash_refused 0 unknown kind",
		`{"email":"a@b.co","password_hash":"$2y$31$secretsecret"}`:           "password_hash hash_refused 0 bcrypt of a wrong length",
		`{"email":"a@b.co","company":"PT Maju"}`:                             "division membership 0|role membership 0",
		`{"email":"a@b.co","internal":true}`:                                 "internal membership 0",
		`{"email":"a@b.co","email":"secret@b.co"}`:                           "member_twice 0",
		`{"email":"a@b.co"} {}`:                                              "not_object 0",
		`{"email":"a@b.co","name"`:                                           "not_json 25",
		`["a@b.co"]`:                                                         "not_object 0",
		"{\"email\":\"a\xff@b.co\"}":                                         "not_utf8 0",
		`{"email":"a@b.co","nmae":"A"}`:                                      `unknown 0 member "nmae" is unknown: did you mean name?`,
		`{"email":"a@b.co","$2y$10$secret":{}}`:                              "unknown 0 member is unknown",
		`{"email":"a@b.co","company_uuid":"6f9619ff-8b86-4d01-b42d-00cf4fc964f1","division":"G","role":"R"}`: "company_uuid no_name 0",
	} {
		rows, wants = append(rows, row), append(wants, want)
	}
	h := newHouse(t)
	// In the first batch what is unknown would end it all.
	_, said := h.bring(auth.Import{}, strings.Repeat(`{"email":"first@example.com"}`+"\n", 10_000)+strings.Join(rows, "\n")+"\n"+`{"email":"last@example.com"}`)
	got := map[string][]string{}
	for _, text := range said {
		line, text, _ := strings.Cut(text, " ")
		got[line] = append(got[line], strings.TrimSpace(text))
	}
	for i, row := range rows {
		if told := strings.Join(got[fmt.Sprint(10_001+i)], "|"); told != wants[i] {
			t.Errorf("%s: %s, want %s", row, told, wants[i])
		}
	}
	if n := len(h.users()); n != 2 || len(got) != len(rows) {
		t.Errorf("%d accounts, %d rows refused", n, len(got))
	}
}

// What collides is refused, by the field and with what; a dry run says the
// same, and changes nothing.
func TestImportCollisions(t *testing.T) {
	t.Parallel()
	const rows = `{"email":"ID@example.com","id":1}
{"email":"SITI@example.com"}
{"email":"b@example.com","username":"siti"}
{"email":"c@example.com","google_id":"g-1","facebook_id":"f-1"}
{"email":"d@example.com","uuid":"UUID"}
{"email":"e@example.com","username":"eko","id":9,"uuid":"6f9619ff-8b86-4d01-b42d-00cf4fc964f1","google_id":"g-2","facebook_id":"f-2"}
{"email":"E@example.com"}
{"email":"f@example.com","username":"EKO"}
{"email":"g@example.com","id":9}
{"email":"h@example.com","uuid":"6f9619ff-8b86-4d01-b42d-00cf4fc964f1"}
{"email":"i@example.com","google_id":"g-2"}
{"email":"j@example.com","facebook_id":"f-2"}
{"email":"k@example.com"}
{"email":"l@example.com","id":10}
{"email":"k@example.com"}
{"email":"m@example.com","company":"PT Maju","company_uuid":"6f9619ff-8b86-4d01-b42d-00cf4fc964f9","division":"Gudang","role":"Kepala"}
{"email":"n@example.com","company":"PT Baru","company_uuid":"6f9619ff-8b86-4d01-b42d-00cf4fc964f9","division":"A","role":"kepala"}
{"email":"o@example.com","company":"PT Lain","company_uuid":"6f9619ff-8b86-4d01-b42d-00cf4fc964f9","division":"A","role":"Kepala"}
{"email":"p@example.com","company_uuid":"6f9619ff-8b86-4d01-b42d-00cf4fc964f9","division":"a","role":"KEPALA"}`
	h := newHouse(t)
	member := h.company()
	member.Username, member.GoogleID, member.FacebookID = ptr("Siti"), ptr("g-1"), ptr("f-1")
	siti := h.add("siti@example.com", member)
	text := strings.Replace(rows, "UUID", siti.UUID, 1)
	var reports [2]*auth.ImportReport
	var said [2][]string
	for i, dry := range []bool{true, false} {
		reports[i], said[i] = h.bring(auth.Import{DryRun: dry}, text)
		if dry && (len(h.users()) != 1 || len(must[[]auth.Organised](t)(h.op.Companies())) != 1) {
			t.Fatal("a dry run wrote something")
		}
	}
	if diff := cmp.Diff(reports[0], reports[1]) + cmp.Diff(said[0], said[1]); diff != "" {
		t.Errorf("a dry run says something else: %s", diff)
	}
	if diff := cmp.Diff(&auth.ImportReport{
		Rows: 19, Imported: 4, There: 1, Refused: 14,
		InFile:  map[string]int64{"email": 1, "username": 1, "id": 2, "uuid": 1, "google_id": 1, "facebook_id": 1},
		InStore: map[string]int64{"email": 1, "username": 1, "id": 1, "uuid": 1, "google_id": 1, "facebook_id": 1},
		Hashes:  map[string]int64{"none": 4}, Companies: 1, Divisions: 1,
	}, reports[1]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{
		"1 id taken 0", "2 email taken 0", "3 username taken 0", "4 google_id taken 0", "4 facebook_id taken 0", "5 uuid taken 0",
		"7 email twice 6", "8 username twice 6", "9 id twice 6", "10 uuid twice 6", "11 google_id twice 6", "12 facebook_id twice 6",
		"14 id twice 13", "16 company other_uuid 0", "18 company_uuid other_name 0",
	}, said[1]); diff != "" {
		t.Error(diff)
	}
	if u := must[*auth.User](t)(h.op.User("p@example.com")); u.Company != "PT Baru" || u.Division != "A" || u.Role != "Kepala" || u.Internal {
		t.Errorf("user %+v", u)
	}
}

// An import that was cut off goes on when it is run again: what stands is
// counted, whatever became of it since, and nothing is made twice.
func TestImportAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var text strings.Builder
	text.WriteString(`{"email":"u0@example.com","name":"U","password_hash":"7416928a0d9c1d93926f389fc1d26b06","company":"C","division":"D","role":"R"}` + "\n")
	for i := range 500 { // the hashes are fast ones, whose batches are small
		_, _ = fmt.Fprintf(&text, `{"email":"u%d@example.com","name":"U","password_hash":"7416928a0d9c1d93926f389fc1d26b06"}`+"\n", i+1)
	}
	errCut := errors.New("cut off")
	batches := 0
	report, err := h.op.Import(t.Context(), strings.NewReader(text.String()), auth.Import{Format: auth.ImportNDJSON}, func(auth.ImportNews) error {
		if batches++; batches == 2 {
			return errCut
		}
		return nil
	})
	if !errors.Is(err, errCut) || report.Imported != 400 || report.Wrapped != 400 || len(h.users()) != 400 {
		t.Fatalf("%+v, %v", report, err)
	}
	phone := auth.Edit{Phone: ptr("1"), Email: ptr("other@example.com")}
	must[*auth.User](t)(h.op.SetUser(t.Context(), "u0@example.com", phone))
	if _, err := h.login(snapotp, "u1@example.com", "kopi susu pagi", home); err != nil {
		t.Fatal(err)
	}
	report, said := h.bring(auth.Import{}, text.String())
	if report.There != 400 || report.Changed != 1 || report.Imported != 101 || report.Refused != 0 || report.Companies != 0 || said != nil {
		t.Errorf("%+v, %q", report, said)
	}
	// A row that says something else of the same person is no row that stands.
	_, said = h.bring(auth.Import{}, `{"email":"u1@example.com","name":"Another"}`)
	if diff := cmp.Diff([]string{"1 email taken 0"}, said); diff != "" {
		t.Error(diff)
	}
	// The hash has no part in the UUID: on it, passwords could be tried fast.
	if report, _ := h.bring(auth.Import{}, `{"email":"u2@example.com","name":"U","password_hash":"$2a$04$/nDQAW.pG3excz0D44dgtO.ws1wrkhAn2OaaRdnUi5QDKpUEpnCFG"}`); report.There != 1 {
		t.Errorf("a row with another hash: %+v", report)
	}
	// With a UUID of its own, that and the e-mail tell.
	given := `{"email":"v@example.com","uuid":"6f9619ff-8b86-4d01-b42d-00cf4fc964f1","id":900}`
	h.bring(auth.Import{}, given)
	for row, want := range map[string]int64{
		given: 1, strings.Replace(given, "900", "901", 1): 0, strings.Replace(given, "v@", "w@", 1): 0, strings.Replace(given, `"id":900`, `"name":"V"`, 1): 1,
	} {
		if report, _ := h.bring(auth.Import{}, row); report.There != want || report.Imported != 0 {
			t.Errorf("%s: %+v", row, report)
		}
	}
}

// Files that can't be read on end the import with one reason; what came before
// stands.
func TestImportFiles(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1<<20)
	for name, test := range map[string]struct {
		format, text, want string
		kind               auth.Kind
		accounts           int
	}{
		"empty":               {"ndjson", "", "it is empty", auth.Malformed, 0},
		"blank":               {"ndjson", "\n \n", "it holds no accounts", auth.Malformed, 0},
		"empty CSV":           {"csv", "\xef\xbb\xbf", "it is empty", auth.Malformed, 0},
		"a head alone":        {"csv", "email\n", "it holds no accounts", auth.Malformed, 0},
		"UTF-16":              {"csv", "\xff\xfee\x00", "it is UTF-16: save it as UTF-8", auth.Malformed, 0},
		"long line":           {"ndjson", `{"email":"a@b.co"}` + "\n" + long + "xx\n", "line 2 is longer than 1 MiB", auth.Malformed, 1},
		"long record":         {"csv", "email\na@b.co\n\"" + long + long + "\n", "the record after line 2 is longer than 1 MiB: is a quote not closed?", auth.Malformed, 1},
		"open quote":          {"csv", "email\na@b.co\n\"secret\n", "the record of line 3: the quotes are wrong at line 3, column 9", auth.Malformed, 1},
		"bare quote":          {"csv", "email\na@b.co\nsec\"ret\n", "the record of line 3: the quotes are wrong at line 3, column 4", auth.Malformed, 1},
		"no e-mail":           {"csv", "name,phone\n", "there is no column email: the first line names the columns", auth.Invalid, 0},
		"unknown":             {"csv", "email,User-Nme\n", `column 2 "User-Nme" is unknown: did you mean username?`, auth.Invalid, 0},
		"a person as head":    {"csv", "a@b.co,$2y$10$secret\n", "column 1 is unknown: the first line names the columns", auth.Invalid, 0},
		"a bare hash as head": {"csv", "7416928a0d9c1d93926f389fc1d26b06\n", "column 1 is unknown: the first line names the columns", auth.Invalid, 0},
		"twice":               {"csv", "email,email\n", "there are two columns email", auth.Invalid, 0},
		"semicolons":          {"csv", "email;name\n", "columns are separated by commas", auth.Invalid, 0},
		"unknown member":      {"ndjson", `{"email":"a@b.co"}` + "\n" + `{"password":"secret"}`, `line 2: member "password" is unknown: did you mean password_hash?`, auth.Invalid, 0},
		"no format":           {"xml", "<a>", `"xml" is no format: say ndjson or csv`, auth.Invalid, 0},
	} {
		h := newHouse(t)
		_, err := h.op.Import(t.Context(), strings.NewReader(test.text), auth.Import{Format: test.format}, func(auth.ImportNews) error { return nil })
		if e := wantKind(t, err, test.kind); e.Cause == nil || e.Cause.Error() != test.want {
			t.Errorf("%s: %v", name, err)
		}
		if n := len(h.users()); n != test.accounts {
			t.Errorf("%s: %d accounts", name, n)
		}
		if err := auth.CheckImport(strings.NewReader(test.text), test.format); test.kind == auth.Invalid && err == nil {
			t.Errorf("%s: nothing is found before", name)
		}
	}
	h := newHouse(t)
	_, said := h.bring(auth.Import{Format: auth.ImportCSV}, "email,name\na@b.co\nb@b.co,\xff\nc@b.co,\"C\nD\"\nd@b.co,D\n")
	if diff := cmp.Diff([]string{"2  wrong_count 1 2", "3 name not_utf8 0", "4 name control 0"}, said); diff != "" || len(h.users()) != 1 {
		t.Error(diff)
	}
}

// The end of the context ends an import, even one that waits for its file.
func TestImportCancelled(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx, cancel := context.WithCancel(t.Context())
	waiting := readerFunc(func([]byte) (int, error) { cancel(); select {} })
	first := strings.NewReader(strings.Repeat(`{"email":"a@example.com"}`+"\n", 3))
	_, err := h.op.Import(ctx, readerFunc(func(b []byte) (int, error) {
		if first.Len() > 0 {
			return first.Read(b)
		}
		return waiting(b)
	}), auth.Import{Format: auth.ImportNDJSON}, func(auth.ImportNews) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

// Export, imported elsewhere, makes the same accounts.
func TestExportRoundTrip(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *auth.Config) { c.AllowCommon = true })
	h.check(h.op.MakeDemos(t.Context()))
	h.register("budi@example.com", "budi")
	h.add("siti@example.com", auth.Edit{Longitude: ptr("1"), RoleID: ptr[int64](0), FacebookID: ptr("f")})
	h.check(h.op.Disable(t.Context(), "siti@example.com"))
	for _, hashes := range []bool{true, false} {
		var file strings.Builder
		n, err := h.op.Export(t.Context(), hashes, func(e *auth.Exported) error { return json.NewEncoder(&file).Encode(e) })
		if n != 0 || err != nil {
			t.Fatal(n, err)
		}
		if strings.Contains(file.String(), "$argon2id$") != hashes {
			t.Error("hashes go out when they are asked for, and only then")
		}
		other := newHouse(t)
		if report, said := other.bring(auth.Import{}, file.String()); report.Imported != 7 || said != nil {
			t.Fatal(report, said)
		}
		want := h.users()
		if !hashes {
			for _, u := range want {
				u.PasswordFamily, u.WeakPassword = "", false
			}
		}
		if diff := cmp.Diff(want, other.users()); diff != "" {
			t.Error(diff)
		}
		if !other.account("john@example.com").Google.Claimed {
			t.Error("an id that was claimed counts as proved")
		}
		for list, same := range map[*[]auth.Organised]func(auth.Operator) ([]auth.Organised, error){new([]auth.Organised): auth.Operator.Companies, new([]auth.Organised): auth.Operator.Divisions, new([]auth.Organised): auth.Operator.Roles} {
			*list = must[[]auth.Organised](t)(same(h.op))
			if got := must[[]auth.Organised](t)(same(other.op)); len(got) != 1 || got[0].UUID != (*list)[0].UUID || got[0].Members != 1 {
				t.Errorf("%+v, want %+v", got, *list)
			}
		}
	}
}
