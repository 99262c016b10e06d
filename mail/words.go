package mail

// words is what one kind of mail says in one language. {provider}, {to} and {time} stand for
// values; all else is ours. No value stands in a subject.
type words struct {
	Subject string
	Intro   []string // before the profile
	Ask     []string // after the profile, before the link
	Button  string   // what opening the link does; empty: no link
	Outro   []string // after the link: how long it is good for, and what if it was not you
}

// frame is what every mail says in one language.
type frame struct {
	Hello  string
	Footer string
	Labels map[DetailLabel]string
}

const (
	indonesian = "id"
	english    = "en"
)

var frames = map[string]frame{
	indonesian: {
		Hello:  "Halo",
		Footer: "E-mail ini dikirim secara otomatis; mohon tidak membalasnya. Layanan:",
		Labels: map[DetailLabel]string{
			LabelName: "Nama", LabelEmail: "E-mail", LabelPhone: "Telepon", LabelUsername: "Nama pengguna", LabelLocation: "Lokasi",
		},
	},
	english: {
		Hello:  "Hello",
		Footer: "This email was sent automatically; please do not reply. Service:",
		Labels: map[DetailLabel]string{
			LabelName: "Name", LabelEmail: "Email", LabelPhone: "Phone", LabelUsername: "Username", LabelLocation: "Location",
		},
	},
}

var texts = map[string]map[Kind]words{indonesian: indonesianTexts, english: englishTexts}

var indonesianTexts = map[Kind]words{
	Confirm: {
		Subject: "Konfirmasi alamat e-mail Anda",
		Intro:   []string{"Sebuah akun telah didaftarkan dengan alamat e-mail ini. Buka tautan berikut untuk mengonfirmasi bahwa alamat ini milik Anda."},
		Button:  "Konfirmasi alamat e-mail",
		Outro: []string{
			"Tautan ini berlaku selama 24 jam.",
			"Jika Anda tidak mendaftar, abaikan e-mail ini dan jangan buka tautannya. Tanpa konfirmasi, alamat ini tidak akan dianggap terverifikasi.",
		},
	},
	Reset: {
		Subject: "Atur ulang kata sandi Anda",
		Intro:   []string{"Kami menerima permintaan untuk mengatur ulang kata sandi akun Anda. Buka tautan berikut untuk membuat kata sandi baru."},
		Button:  "Buat kata sandi baru",
		Outro: []string{
			"Tautan ini berlaku selama 30 menit dan hanya dapat digunakan satu kali.",
			"Jika Anda tidak meminta hal ini, abaikan e-mail ini. Kata sandi Anda tidak berubah.",
		},
	},
	Profile: {
		Subject: "Data akun dan kata sandi Anda",
		Intro:   []string{"Berikut data akun Anda, seperti yang diminta."},
		Ask:     []string{"Kata sandi Anda tidak dapat kami kirimkan, karena kami tidak menyimpannya dalam bentuk yang dapat dibaca. Buka tautan berikut untuk membuat kata sandi baru."},
		Button:  "Buat kata sandi baru",
		Outro: []string{
			"Tautan ini berlaku selama 30 menit dan hanya dapat digunakan satu kali.",
			"Jika Anda tidak meminta hal ini, abaikan e-mail ini. Kata sandi Anda tidak berubah.",
		},
	},
	PasswordChanged: {
		Subject: "Kata sandi Anda telah diubah",
		Intro:   []string{"Kata sandi akun Anda telah diubah pada {time}. Jika Anda sendiri yang mengubahnya, tidak ada yang perlu dilakukan."},
		Outro:   []string{"Jika bukan Anda yang mengubahnya, segera minta kata sandi baru melalui menu lupa kata sandi di aplikasi yang Anda gunakan, lalu hubungi pengelola layanan ini."},
	},
	Linked: {
		Subject: "Cara masuk baru telah ditambahkan ke akun Anda",
		Intro:   []string{"Akun {provider} telah ditautkan ke akun Anda pada {time}. Mulai sekarang Anda juga dapat masuk dengan akun {provider} tersebut."},
		Outro:   []string{"Jika bukan Anda yang menautkannya, segera minta kata sandi baru melalui menu lupa kata sandi di aplikasi yang Anda gunakan, lalu hubungi pengelola layanan ini."},
	},
	ConfirmLink: {
		Subject: "Konfirmasi penautan ke akun Anda",
		Intro: []string{
			"Seseorang baru saja masuk dengan akun {provider} yang menggunakan alamat {to}. Di sini sudah ada akun dengan alamat yang sama, yaitu akun Anda.",
			"Jika itu Anda, buka tautan berikut untuk mengonfirmasi penautan kedua akun tersebut. Setelah itu Anda juga dapat masuk dengan {provider}.",
		},
		Button: "Konfirmasi penautan",
		Outro: []string{
			"Tautan ini berlaku selama 24 jam.",
			"Jika itu bukan Anda, abaikan e-mail ini dan jangan buka tautannya. Akun Anda tidak berubah.",
		},
	},
}

var englishTexts = map[Kind]words{
	Confirm: {
		Subject: "Confirm your email address",
		Intro:   []string{"An account was registered with this email address. Open the link below to confirm that the address is yours."},
		Button:  "Confirm email address",
		Outro: []string{
			"The link is good for 24 hours.",
			"If you did not sign up, ignore this email and do not open the link. Without confirmation, this address will not count as verified.",
		},
	},
	Reset: {
		Subject: "Reset your password",
		Intro:   []string{"We received a request to reset the password of your account. Open the link below to choose a new one."},
		Button:  "Choose a new password",
		Outro: []string{
			"The link is good for 30 minutes and works only once.",
			"If you did not ask for this, ignore this email. Your password stays as it is.",
		},
	},
	Profile: {
		Subject: "Your account details and password",
		Intro:   []string{"Here are the details of your account, as requested."},
		Ask:     []string{"We cannot send you your password, because we do not keep it in a readable form. Open the link below to choose a new one."},
		Button:  "Choose a new password",
		Outro: []string{
			"The link is good for 30 minutes and works only once.",
			"If you did not ask for this, ignore this email. Your password stays as it is.",
		},
	},
	PasswordChanged: {
		Subject: "Your password was changed",
		Intro:   []string{"The password of your account was changed at {time}. If it was you, there is nothing to do."},
		Outro:   []string{"If it was not you, request a new password right away with \"forgot password\" in the app that you use, and then contact whoever runs this service."},
	},
	Linked: {
		Subject: "A new way to sign in was added to your account",
		Intro:   []string{"A {provider} account was linked to your account at {time}. From now on you can also sign in with that {provider} account."},
		Outro:   []string{"If it was not you, request a new password right away with \"forgot password\" in the app that you use, and then contact whoever runs this service."},
	},
	ConfirmLink: {
		Subject: "Confirm the link to your account",
		Intro: []string{
			"Somebody just signed in with a {provider} account that has the address {to}. There already is an account with that address here: yours.",
			"If it was you, open the link below to confirm that the two belong together. After that you can also sign in with {provider}.",
		},
		Button: "Confirm linking",
		Outro: []string{
			"The link is good for 24 hours.",
			"If it was not you, ignore this email and do not open the link. Your account stays as it is.",
		},
	},
}
