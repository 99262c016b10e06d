package cert

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// ASCII is a host name as certificates hold it: lower case, other letters as
// punycode (RFC 5890). It refuses what no CA certifies by these challenges:
// addresses, wildcards, names without a dot.
func ASCII(host string) (string, error) {
	profile := idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true))
	name, err := profile.ToASCII(host)
	if again, bad := profile.ToASCII(name); err == nil && (bad != nil || again != name || !utf8.ValidString(host)) {
		err = errors.New("cert: it is read one way and written another")
	}
	_, address := netip.ParseAddr(host)
	switch {
	case strings.HasPrefix(host, "*"):
		return "", errors.New("cert: a wildcard can't be proved by this server: list the names")
	case address == nil:
		return "", errors.New("cert: an address is no name")
	case err != nil || strings.HasSuffix(name, "."):
		return "", fmt.Errorf("cert: %q is no host name", host)
	case !strings.Contains(name, "."):
		return "", fmt.Errorf("cert: %q has no dot, and nobody certifies such names", host)
	}
	return name, nil
}
