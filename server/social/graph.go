package social

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
)

// debugAnswer is what debug_token answers: data about the input token, or an error about the question.
// Pointers tell a field that is missing from one that is zero.
type debugAnswer struct {
	Data *struct {
		AppID     graphID     `json:"app_id"`
		Type      *string     `json:"type"`
		UserID    graphID     `json:"user_id"`
		IsValid   *bool       `json:"is_valid"`
		ExpiresAt *int64      `json:"expires_at"` // Unix seconds; 0: never
		Error     *graphError `json:"error"`
	} `json:"data"`
	Error *graphError `json:"error"`
}

type graphError struct {
	Code    int    `json:"code"`
	Message string `json:"message"` // to be recognized, never to be logged
}

// graphID is an id that Graph writes as a string, and in older answers as a number; a number is kept digit by
// digit, since ids exceed what a float64 holds exactly.
type graphID string

// UnmarshalJSON leaves anything that is no id empty, to be refused like a missing one.
func (id *graphID) UnmarshalJSON(b []byte) error {
	*id = ""
	if b[0] == '"' {
		return json.Unmarshal(b, (*string)(id))
	}
	if isUserID(string(b)) {
		*id = graphID(b)
	}
	return nil
}

// isUserID is true for up to 64 digits, the first not 0: other ways to write a number would be other names
// for the same person.
func isUserID(s string) bool {
	if s == "" || len(s) > 64 || s[0] == '0' {
		return false
	}
	return strings.Trim(s, "0123456789") == ""
}

// judge reads debug_token's answer. A field that is missing counts as the worst it could say.
func (f *Facebook) judge(status int, body []byte) (uid string, err error) {
	var answer debugAnswer
	readErr := json.Unmarshal(body, &answer)
	switch {
	case readErr == nil && answer.Error != nil && status < http.StatusInternalServerError:
		return "", answer.Error.judge(status)
	case status != http.StatusOK:
		return "", unavailable(facebook, statusCause(status))
	case readErr != nil || answer.Data == nil || answer.Data.IsValid == nil:
		return "", unavailable(facebook, cause("answer is not that of debug_token"))
	}
	data := answer.Data
	switch {
	case !*data.IsValid && data.Error != nil:
		return "", refused(facebook, cause(fmt.Sprintf("token is not valid (code %d)", data.Error.Code)))
	case !*data.IsValid || data.Error != nil:
		return "", refused(facebook, "token is not valid")
	case string(data.AppID) != f.appID:
		return "", refused(facebook, "token is of another app")
	case data.Type != nil && *data.Type != "USER":
		return "", refused(facebook, "token is not a user's")
	case !isUserID(string(data.UserID)):
		return "", refused(facebook, "token names no user")
	case data.ExpiresAt == nil:
		return "", refused(facebook, "answer does not say when the token expires")
	case *data.ExpiresAt != 0 && *data.ExpiresAt <= f.now().Unix():
		return "", refused(facebook, "token has expired")
	}
	return string(data.UserID), nil
}

// judge tells our own misconfiguration from the one error about the question that is the client's doing: a
// token of another app. Graph gives it the code 100, as it does a missing app token, so the words decide.
func (e *graphError) judge(status int) error {
	if e.Code == 100 && strings.Contains(e.Message, "did not match the Viewing App") {
		return refused(facebook, "token is of another app")
	}
	why := fmt.Sprintf("refused our question with status %d, code %d", status, e.Code)
	switch e.Code {
	case 100, 101, 102, 104, 190: // parameter, API key, session, signature, access token: all of them ours
		why += ": check the app id and the app secret"
	}
	return unavailable(facebook, cause(why))
}
