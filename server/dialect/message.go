package dialect

import (
	"strconv"
	"strings"

	"kunci/server/auth"
)

// said is a message in both languages. A % in it stands for the number that
// the core named.
type said struct{ id, en string }

func (s said) in(lang string) string {
	if lang == Indonesian {
		return s.id
	}
	return s.en
}

// messages are what is said of a request as a whole, by the core's reasons
// and this package's own.
var messages = map[string]said{
	"bad_link":           {"Token tidak berlaku atau sudah kedaluwarsa.", "The token is not valid or has expired."},
	"busy":               {"Server sedang sibuk. Coba lagi sebentar.", "The server is busy. Try again in a moment."},
	"facebook_off":       {"Masuk dengan Facebook tidak tersedia di server ini.", "Signing in with Facebook is not set up on this server."},
	"forgot_sent":        {"Jika e-mail itu terdaftar, tautan untuk mengatur ulang kata sandi telah dikirim.", "If that e-mail is registered, a link to reset the password has been sent to it."},
	"foreign_origin":     {"Permintaan dari situs lain tidak diterima.", "Requests from other sites are not accepted."},
	"google_off":         {"Masuk dengan Google tidak tersedia di server ini.", "Signing in with Google is not set up on this server."},
	"internal":           {"Terjadi kesalahan di server.", "Something went wrong on the server."},
	"invalid":            {"Isian tidak valid.", "Some fields are not valid."},
	"malformed":          {"Isi permintaan tidak dapat dibaca.", "The request body can't be read."},
	"media_type":         {"Jenis konten ini tidak didukung.", "This content type is not supported."},
	"no_membership":      {"Akun ini bukan anggota perusahaan mana pun.", "This account belongs to no company."},
	"no_session":         {"Token tidak ada atau tidak berlaku.", "The token is missing or not valid."},
	"not_admitted":       {"Akun ini tidak boleh masuk di sini.", "This account may not sign in here."},
	"password_reset":     {"Kata sandi telah diganti. Silakan masuk dengan kata sandi baru.", "The password has been changed. Please sign in with the new one."},
	"sign_up_closed":     {"Pendaftaran tidak dibuka di sini.", "Sign-up is not open here."},
	"social_conflict":    {"E-mail ini sudah dipakai akun lain. Masuk dengan kata sandi, atau buka tautan yang dikirim ke e-mail itu.", "Another account has this e-mail. Sign in with its password, or open the link that was mailed to it."},
	"social_refused":     {"Identitas ini tidak dapat diterima.", "This identity was not accepted."},
	"social_unavailable": {"Identitas ini tidak dapat diperiksa sekarang. Coba lagi sebentar.", "This identity can't be checked now. Try again in a moment."},
	"taken":              {"Sudah dipakai.", "Already in use."},
	"too_large":          {"Isi permintaan terlalu besar.", "The request body is too large."},
	"too_many":           {"Terlalu banyak percobaan. Coba lagi nanti.", "Too many tries. Try again later."},
	"wrong_password":     {"E-mail, username, atau kata sandi salah.", "Wrong e-mail, username or password."},
}

// fieldMessages are what is said of one field.
var fieldMessages = map[string]said{
	"both":             {"hanya satu cara masuk yang boleh dikirim", "only one way to sign in may be sent"},
	"control":          {"mengandung karakter yang tidak diizinkan", "contains a character that is not allowed"},
	"not_email":        {"bukan alamat e-mail yang valid", "is not a valid e-mail address"},
	"not_number":       {"bukan angka yang valid", "is not a valid number"},
	"not_text":         {"harus berupa teks", "must be text"},
	"not_username":     {"harus diawali huruf atau angka, dan hanya berisi huruf, angka, titik, garis bawah, atau tanda hubung", "must begin with a letter or digit and hold only letters, digits, dots, underscores and hyphens"},
	"password_classes": {"harus mengandung huruf kecil, huruf besar, angka, dan karakter khusus", "must contain a lower-case letter, an upper-case letter, a digit and a special character"},
	"password_common":  {"terlalu umum", "is too common"},
	"password_own":     {"tidak boleh sama dengan e-mail, username, atau nama", "must not be your e-mail, username or name"},
	"required":         {"wajib diisi", "is required"},
	"taken":            {"sudah dipakai", "is already in use"},
	"too_long":         {"paling banyak % karakter", "must have at most % characters"},
	"too_short":        {"paling sedikit % karakter", "must have at least % characters"},
}

// Text is what is said of a request as a whole, by its reason.
func Text(reason, lang string) string {
	m, ok := messages[reason]
	if !ok {
		m = messages["internal"]
	}
	return m.in(lang)
}

// FieldText is what is said of a field at fault, without its name.
func FieldText(f auth.Field, lang string) string {
	m, ok := fieldMessages[f.Reason]
	if !ok {
		m = messages["invalid"]
	}
	return strings.Replace(m.in(lang), "%", strconv.Itoa(f.N), 1)
}
