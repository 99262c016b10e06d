package dialect

import (
	"strings"
	"testing"
)

// What it costs to read a body of each media type: Shoop's sign-up, whose
// form is the longest of any document, and as JSON the same members.
func BenchmarkParse(b *testing.B) {
	members := [][2]string{
		{"email", "person.of.some.length@example.com"}, {"password", "Benar-kuda-staples-9"}, {"name", "Person of Some Length"},
		{"id_location", "7"}, {"phone", "082232856363"}, {"gcm_id", strings.Repeat("APA91b", 25)}, {"longitude", "106.8"}, {"latitude", "-6.2"},
	}
	const boundary = "----KunciBoundary7MA4YWxkTrZu0gW"
	var object, form, parts []string
	for _, m := range members {
		object = append(object, `"`+m[0]+`":"`+m[1]+`"`)
		form = append(form, m[0]+"="+strings.ReplaceAll(m[1], " ", "+"))
		parts = append(parts, "--"+boundary+"\r\nContent-Disposition: form-data; name=\""+m[0]+"\"\r\n\r\n"+m[1]+"\r\n")
	}
	for _, body := range []struct {
		name, media, text string
	}{
		{"json", mediaJSON, "{" + strings.Join(object, ",") + "}"},
		{"form", mediaForm, strings.Join(form, "&")},
		{"multipart", mediaMultipart, strings.Join(parts, "") + "--" + boundary + "--\r\n"},
	} {
		b.Run(body.name, func(b *testing.B) {
			text, params := []byte(body.text), map[string]string{"boundary": boundary}
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				var r Request
				if err := r.Parse(body.media, params, text); err != nil || len(r.fields) != len(members) {
					b.Fatal(err)
				}
			}
		})
	}
}

// What a browser's header costs.
func BenchmarkLanguage(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if Language("en-US,en;q=0.9,id;q=0.8", Indonesian) != English {
			b.Fatal("not English")
		}
	}
}
