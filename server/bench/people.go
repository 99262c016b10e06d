package bench

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strconv"
)

// People are the accounts of a run: the same index is always the same person.
type People struct {
	Count    int
	Password string // of all of them, random per run
	Run      string // tells the people of one run from those of another, "" on a server of our own
}

// Person is one account.
type Person struct{ Username, Email, Name, Phone string }

var givenNames = []string{
	"agus", "ani", "bambang", "budi", "citra", "dewi", "dian", "eko", "fitri", "hadi", "indah", "joko",
	"kartika", "lestari", "made", "nur", "putri", "rahmat", "rina", "siti", "sri", "tono", "wahyu", "yanti",
}

var familyNames = []string{
	"gunawan", "halim", "hidayat", "kusuma", "lubis", "nasution", "pratama", "rahayu", "santoso", "saputra",
	"setiawan", "siregar", "sutanto", "utami", "wibowo", "wijaya",
}

// Person is a person's account. Neighbours by index lie far apart by name, as
// people who come one after the other do.
func (p *People) Person(i int) Person {
	r := scatter(uint64(i))
	given, family := givenNames[r%uint64(len(givenNames))], familyNames[r>>32%uint64(len(familyNames))]
	name := given + "." + family + p.Run + strconv.Itoa(i)
	return Person{
		Username: name, Email: name + "@example.com", Name: capital(given) + " " + capital(family),
		Phone: fmt.Sprintf("+628%010d", r%1e10),
	}
}

func capital(s string) string { return string(s[0]-'a'+'A') + s[1:] }

// scatter turns neighbours into numbers that have nothing in common
// (SplitMix64).
func scatter(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// address is where a client asks from: the whole public unicast space, since
// the server shares its capacity by networks.
func address(n uint64) string {
	for ; ; n = scatter(n) {
		r := scatter(n)
		a := netip.AddrFrom4([4]byte{byte(r >> 24), byte(r >> 16), byte(r >> 8), byte(r)})
		if first := byte(r >> 24); a.IsGlobalUnicast() && !a.IsPrivate() && first != 0 && first < 224 {
			return a.String()
		}
	}
}

func get(t Target, path, credential, from string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: application/json\r\nAuthorization: Bearer %s\r\nX-Forwarded-For: %s\r\n\r\n",
		path, t.Host, credential, from)
}

func post(t Target, path, credential, from string, body any) []byte {
	var text []byte
	head := ""
	if credential != "" {
		head = "Authorization: Bearer " + credential + "\r\n"
	}
	if body != nil {
		text, _ = json.Marshal(body) // maps of strings can't fail
		head += "Content-Type: application/json\r\n"
	}
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nAccept: application/json\r\n%sX-Forwarded-For: %s\r\nContent-Length: %d\r\n\r\n%s",
		path, t.Host, head, from, len(text), text)
}

// The routes that are asked (CONTRACT 4, snapotp; smart's logout).
const (
	pathMe       = "/api/auth/me"
	pathLogin    = "/api/auth/login"
	pathRegister = "/api/auth/register"
	pathLogout   = "/api/v1/auth/logout"
	pathKeys     = "/.well-known/paseto-keys"
)

func (p *People) login(t Target, i int) []byte {
	body := map[string]string{"username": p.Person(i).Username, "password": p.Password}
	return post(t, pathLogin, "", address(uint64(i)), body)
}

func (p *People) register(t Target, who Person, from string) []byte {
	body := map[string]string{"username": who.Username, "email": who.Email, "name": who.Name, "password": p.Password}
	return post(t, pathRegister, "", from, body)
}

// tokenIn is the token of a snapotp sign-in's answer, "" where there is none.
func tokenIn(body []byte) string {
	var envelope struct {
		Data struct {
			Token string `json:"token"`
		} `json:"data"`
	}
	if json.Unmarshal(body, &envelope) != nil {
		return ""
	}
	return envelope.Data.Token
}
