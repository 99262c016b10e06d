package auth_test

import (
	"strings"
	"testing"

	"kunci/server/auth"
)

// secret is a hash that nothing says a word of.
const secret = "7416928a0d9c1d93926f389fc1d26b06"

// fuzzImport holds an import of anything to what its report says, and to never
// repeating a hash.
func fuzzImport(f *testing.F, format string) {
	h := newHouse(f)
	f.Fuzz(func(t *testing.T, text string) {
		refused, last := map[int64]bool{}, int64(0)
		report, err := h.op.Import(t.Context(), strings.NewReader(text), auth.Import{Format: format, DryRun: true}, func(n auth.ImportNews) error {
			for _, r := range n.Refused {
				if r.Line < last || r.Reason == "" || strings.Contains(r.Detail, secret) {
					t.Errorf("fault %+v after line %d", r, last)
				}
				last = r.Line
				refused[r.Line] = true
			}
			return nil
		})
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Error(err)
		}
		if report.Imported+report.There+report.Refused != report.Rows || err == nil && report.Rows == 0 || int64(len(refused)) != report.Refused {
			t.Errorf("%+v with %d lines refused, %v", report, len(refused), err)
		}
		if checked := auth.CheckImport(strings.NewReader(text), format); err == nil && checked != nil && report.Refused == 0 {
			t.Errorf("found beforehand: %v", checked)
		}
	})
}

func FuzzImportNDJSON(f *testing.F) {
	for _, seed := range []string{
		`{"email":"a@b.co","password_hash":"` + secret + `"}`, "\xef\xbb\xbf" + `{"email":"a@b.co","id":1}` + "\r\n" + `{"email":"a@b.co","id":1}`,
		`{"` + secret + `":1}`, `{"email":"a@b.co","company":"C","division":"D","role":"R","internal":true}`, `{"email":null}`, `{}`, `[]`, "\xff\xfe", "{", `{"email":"\ud800"}`,
		`{"email":"a@b.co","uuid":"6f9619ff-8b86-4d01-b42d-00cf4fc964f1","created":"2020-01-02T03:04:05Z","latitude":1e1}`, "\n\n", `{"a":{"b":[1,{}]}}`,
	} {
		f.Add(seed)
	}
	fuzzImport(f, auth.ImportNDJSON)
}

func FuzzImportCSV(f *testing.F) {
	for _, seed := range []string{
		"email,password_hash\na@b.co," + secret + "\n", secret + ",email\n", "email\n\"a@b.co\n", "email,id\r\na@b.co,1\r\nb@b.co,1\r\n", "email;id\n", "\"email\"\n\"a@b.co\"\n",
		"email,company,division,role\na@b.co,C,D,R\nb@b.co,c,d,\n", "email\n\na@b.co,b\n", "id,email\n\xff,a@b.co", "email,email\n", "email,disabled\na@b.co,yes\n",
	} {
		f.Add(seed)
	}
	fuzzImport(f, auth.ImportCSV)
}
