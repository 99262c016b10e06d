package social_test

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"kunci/server/social"
)

func TestGoogleForgeries(t *testing.T) {
	t.Parallel()
	iss := newIssuer(t)
	priv, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	rs256 := signingKey{kid: "rsa-1", alg: jose.RS256, priv: priv}
	rs512 := signingKey{kid: "rsa-1", alg: jose.RS512, priv: priv}
	iss.publish(iss.key, rs256)
	g := iss.verifier()
	good := iss.claims()
	payload, _ := json.Marshal(good)
	valid := rs256.sign(t, payload)
	if _, err := g.Verify(t.Context(), valid); err != nil {
		t.Fatalf("RS256: %v", err)
	}
	part := strings.Split(valid, ".")
	rsaDER, _ := x509.MarshalPKIXPublicKey(priv.Public())
	rename := func(k signingKey, kid string) signingKey { k.kid = kid; return k }

	for name, token := range map[string]string{
		"empty":                      "",
		"not a token":                "secret-not-a-token",
		"alg none":                   b64(`{"alg":"none","kid":"rsa-1"}`) + "." + part[1] + ".",
		"alg none, signature kept":   b64(`{"alg":"none","kid":"rsa-1"}`) + "." + part[1] + "." + part[2],
		"HS256 with the public key":  hs256(t, rsaDER, "rsa-1", payload),
		"HS256 with the modulus":     hs256(t, priv.N.Bytes(), "rsa-1", payload),
		"HS256 with the EC point":    hs256(t, ecPoint(t, iss.key), "ec-1", payload),
		"RS512":                      rs512.sign(t, payload),
		"key not published":          newECKey(t, "ec-1").sign(t, payload),
		"key not published, no kid":  newECKey(t, "").sign(t, payload),
		"kid of the other key":       rename(iss.key, "rsa-1").sign(t, payload),
		"unknown kid":                rename(iss.key, "ec-9").sign(t, payload),
		"key in the header":          ownKeyInHeader(t, payload),
		"payload changed":            part[0] + "." + b64(`{"sub":"1"}`) + "." + part[2],
		"signature cut":              part[0] + "." + part[1] + "." + part[2][:40],
		"signature missing":          part[0] + "." + part[1] + ".",
		"two parts":                  part[0] + "." + part[1],
		"JSON form of the same":      `{"protected":"` + part[0] + `","payload":"` + part[1] + `","signature":"` + part[2] + `"}`,
		"white space":                " " + valid,
		"too long":                   rs256.signClaims(t, good.with("pad", strings.Repeat("x", 8<<10))),
		"payload is no object":       iss.key.sign(t, []byte(`[]`)),
		"payload is no JSON":         iss.key.sign(t, []byte(`secret`)),
		"payload is no UTF-8":        iss.key.sign(t, append(payload[:len(payload)-1], ",\"x\":\"\xff\"}"...)),
		"critical extension unknown": withCritical(t, iss.key, payload),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := g.Verify(t.Context(), token)
			wantError(t, err, social.ErrRefused, token, "secret", "none", "ec-9")
		})
	}
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func hs256(t *testing.T, secret []byte, kid string, payload []byte) string {
	t.Helper()
	opts := (&jose.SignerOptions{}).WithHeader("kid", kid)
	return compact(t, jose.SigningKey{Algorithm: jose.HS256, Key: secret}, opts, payload)
}

func ecPoint(t *testing.T, k signingKey) []byte {
	t.Helper()
	point, err := k.priv.Public().(*ecdsa.PublicKey).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return point
}

func ownKeyInHeader(t *testing.T, payload []byte) string {
	t.Helper()
	own := newECKey(t, "")
	return compact(t, jose.SigningKey{Algorithm: own.alg, Key: own.priv}, &jose.SignerOptions{EmbedJWK: true}, payload)
}

func withCritical(t *testing.T, k signingKey, payload []byte) string {
	t.Helper()
	opts := (&jose.SignerOptions{}).WithHeader("kid", k.kid).WithHeader("crit", []string{"exp"}).WithHeader("exp", time.Now().Unix())
	return compact(t, jose.SigningKey{Algorithm: k.alg, Key: k.priv}, opts, payload)
}

func compact(t *testing.T, key jose.SigningKey, opts *jose.SignerOptions, payload []byte) string {
	t.Helper()
	signer, err := jose.NewSigner(key, opts)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}
