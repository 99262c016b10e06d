package dialect

import "golang.org/x/text/language"

// The languages of messages, pages and mails.
const (
	Indonesian = "id"
	English    = "en"
)

// longestAcceptLanguage is beyond what any browser sends.
const longestAcceptLanguage = 256

// Language chooses between Indonesian and English by an Accept-Language
// header (RFC 9110 12.5.4); what asks for neither gets fallback.
func Language(header, fallback string) string {
	if header == "" || len(header) > longestAcceptLanguage {
		return fallback
	}
	tags, weights, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return fallback
	}
	for i, tag := range tags { // the heaviest first
		if weights[i] == 0 {
			continue
		}
		switch base, _ := tag.Base(); base.String() {
		case "id":
			return Indonesian
		case "en":
			return English
		}
	}
	return fallback
}
