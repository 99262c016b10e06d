package server

import "kunci/server/dialect"

// said is a text in both languages.
type said struct{ id, en string }

// pageText is the text of a key, "" for none, which a test keeps from
// happening.
func pageText(key, lang string) string {
	if lang == dialect.Indonesian {
		return pageWords[key].id
	}
	return pageWords[key].en
}

// pageWords are the texts of the pages. What goes wrong with a form is said in
// the dialects' words; here is only what no dialect has to say.
var pageWords = map[string]said{
	"begin_anew":   {"Mulai lagi", "Start again"},
	"failed_title": {"Tidak berhasil", "That did not work"},
	"foreign_form": {"Formulir ini dikirim dari situs lain. Buka halaman ini langsung, lalu coba lagi.", "This form was sent from another site. Open the page here and try again."},
	"no_letter":    {"E-mail ini tidak ada di kotak keluar.", "The outbox holds no such mail."},
	"request_id":   {"Nomor permintaan", "Request id"},
	"to_front":     {"Ke halaman depan", "To the front page"},
	"to_outbox":    {"Ke kotak keluar", "To the outbox"},

	"email_label": {"Alamat e-mail", "E-mail address"},
	"ask_title":   {"Minta tautan baru", "Ask for a new link"},
	"ask_button":  {"Kirim tautan", "Send link"},
	"sent_title":  {"Periksa e-mail Anda", "Check your e-mail"},
	"sent_reset":  {"Jika alamat itu terdaftar, tautan untuk membuat kata sandi baru sedang dikirim. Tautan berlaku selama 30 menit.", "If that address is registered, a link to choose a new password is on its way to it. The link is good for 30 minutes."},
	"sent_confirm": {
		"Jika alamat itu terdaftar dan belum dikonfirmasi, tautan konfirmasi sedang dikirim. Tautan berlaku selama 24 jam.",
		"If that address is registered and not confirmed yet, a link to confirm it is on its way. The link is good for 24 hours.",
	},
	"sent_where": {
		"Jika e-mail belum tiba setelah beberapa menit, periksa folder spam, lalu minta lagi.",
		"If nothing arrives within a few minutes, look into the spam folder, then ask again.",
	},

	"reset_title":      {"Buat kata sandi baru", "Choose a new password"},
	"reset_lead":       {"Kata sandi baru berlaku di semua aplikasi yang memakai akun ini, dan semua perangkat yang sedang masuk akan dikeluarkan.", "The new password is for every app that uses this account, and every device that is signed in now will be signed out."},
	"reset_by_mail":    {"Kami akan mengirim tautan untuk membuat kata sandi baru ke alamat e-mail akun Anda.", "We will mail a link to choose a new password to the address of your account."},
	"reset_by_token":   {"Sudah punya token dari e-mail?", "Do you have the token from the mail?"},
	"token_label":      {"Token", "Token"},
	"password_label":   {"Kata sandi baru", "New password"},
	"password_hint":    {"Paling sedikit 8 karakter. Huruf, angka, tanda baca, dan spasi boleh dipakai.", "At least 8 characters. Letters, digits, punctuation and spaces may be used."},
	"reset_button":     {"Simpan kata sandi", "Save password"},
	"reset_done_title": {"Kata sandi telah diganti", "Your password has been changed"},
	"reset_done":       {"Silakan masuk dengan kata sandi baru di aplikasi yang Anda gunakan. Halaman ini boleh ditutup.", "Sign in with the new password in the app that you use. You can close this page."},
	"stale_title":      {"Tautan ini tidak berlaku lagi", "This link no longer works"},
	"stale_reset": {
		"Tautan untuk kata sandi baru berlaku 30 menit dan hanya dapat dipakai sekali. Mungkin juga tautannya tidak tersalin seluruhnya. Minta tautan baru di sini.",
		"A link for a new password is good for 30 minutes and works only once. It may also not have been copied whole. Ask for a new one here.",
	},

	"confirm_title":   {"Konfirmasi alamat e-mail", "Confirm your e-mail address"},
	"confirm_lead":    {"Tekan tombol di bawah jika Anda sendiri yang mendaftarkan akun dengan alamat ini. Kata sandi Anda tetap sama, dan Anda perlu masuk kembali.", "Press the button below if it was you who signed up with this address. Your password stays the same, and you will have to sign in again."},
	"confirm_not_you": {"Jika bukan Anda yang mendaftar, tutup saja halaman ini.", "If you did not sign up, just close this page."},
	"confirm_any":     {"Tekan tombol di bawah untuk memakai tautan dari e-mail yang Anda terima.", "Press the button below to use the link from the mail that you got."},
	"confirm_button":  {"Konfirmasi", "Confirm"},
	"confirmed_title": {"Alamat e-mail telah dikonfirmasi", "Your e-mail address is confirmed"},
	"confirmed_done":  {"Silakan masuk kembali dengan kata sandi Anda di aplikasi yang Anda gunakan. Halaman ini boleh ditutup.", "Sign in again with your password in the app that you use. You can close this page."},
	"stale_confirm": {
		"Tautan konfirmasi berlaku 24 jam dan hanya dapat dipakai sekali. Mungkin alamat Anda sudah dikonfirmasi. Jika belum, minta tautan baru di sini.",
		"A link that confirms an address is good for 24 hours and works only once. Your address may be confirmed already. If it is not, ask for a new link here.",
	},

	"linking_title":   {"Tautkan akun Google Anda", "Link your Google account"},
	"linking_lead":    {"Tekan tombol di bawah untuk menautkan akun Google Anda ke akun yang sudah ada dengan alamat e-mail ini. Setelah itu Anda juga dapat masuk dengan Google.", "Press the button below to link your Google account to the account that already has this e-mail address. After that you can also sign in with Google."},
	"linking_not_you": {"Jika bukan Anda yang mencoba masuk dengan Google, tutup saja halaman ini.", "If it was not you who tried to sign in with Google, just close this page."},
	"linked_title":    {"Akun Google telah ditautkan", "Your Google account is linked"},
	"linked_done":     {"Mulai sekarang Anda juga dapat masuk dengan Google. Halaman ini boleh ditutup.", "From now on you can also sign in with Google. You can close this page."},
	"linked_password": {"Jika kata sandi lama Anda tidak berlaku lagi, buat yang baru.", "Should your earlier password no longer work, choose a new one."},
	"stale_linking":   {"Tautan untuk menautkan akun Google berlaku 24 jam dan hanya dapat dipakai sekali. Untuk mendapat tautan baru, masuk sekali lagi dengan Google di aplikasi yang Anda gunakan.", "A link that links a Google account is good for 24 hours and works only once. To get a new one, sign in with Google again in the app that you use."},

	"front_title":     {"Satu server, lima API login", "One server, five login APIs"},
	"front_lead":      {"Satu kumpulan akun di balik lima API login. Siapa pun dapat memeriksa tokennya dengan kunci publiknya.", "One set of accounts behind five login APIs. Anyone can verify its tokens with its public keys."},
	"front_status":    {"Status server", "Server status"},
	"front_keys":      {"Kunci publik", "Public keys"},
	"front_apis":      {"Lima API", "The five APIs"},
	"front_dev":       {"Server ini berjalan dengan --dev, hanya untuk uji coba.", "This server runs with --dev, for trying it out only."},
	"front_demos":     {"Akun demo", "Demo accounts"},
	"about_smart":     {"E-mail dan kata sandi. Jawabannya memuat token, masa berlakunya, dan profil.", "E-mail and password. The answer holds a token, until when it is good, and the profile."},
	"about_snapotp":   {"Username atau e-mail, dan kata sandi. Jawabannya memuat token dan data pengguna.", "Username or e-mail, and password. The answer holds a token and the user."},
	"about_shoop":     {"Formulir dengan e-mail dan kata sandi. Jawabannya memuat sebuah key.", "A form with e-mail and password. The answer holds a key."},
	"about_dashboard": {"Untuk anggota perusahaan. Jawabannya juga memuat peran, perusahaan, dan divisi.", "For members of a company. The answer also names role, company and division."},
	"about_pwa":       {"E-mail dan kata sandi. Jawabannya memuat token beserta id pengguna, pelanggan, dan perusahaan.", "E-mail and password. The answer holds a token and the ids of user, customer and company."},
	"your_email":      {"E-MAIL-ANDA", "YOUR-EMAIL"},
	"your_username":   {"USERNAME-ANDA", "YOUR-USERNAME"},
	"your_password":   {"KATA-SANDI-ANDA", "YOUR-PASSWORD"},
	"demo_password":   {"Kata sandi", "Password"},

	"outbox_title":  {"Kotak keluar", "Outbox"},
	"outbox_lead":   {"Server ini tidak mengirim e-mail, melainkan menyimpannya di sini. Yang terbaru di atas.", "This server does not send its mails but keeps them here. The newest is at the top."},
	"outbox_empty":  {"Belum ada e-mail.", "No mails yet."},
	"letter_to":     {"Kepada", "To"},
	"letter_date":   {"Tanggal", "Date"},
	"letter_text":   {"Teks", "Text"},
	"letter_html":   {"Tampilan HTML", "As HTML"},
	"letter_frame":  {"Tautan di bawah ini tidak dapat diklik. Pakai tautan pada teks di atas.", "Links can't be followed in here. Use the one in the text above."},
	"letter_broken": {"tidak dapat dibaca", "can't be read"},
}
