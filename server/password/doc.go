// Package password turns passwords into stored hashes and back into a yes or no.
//
// It owns the hash formats (argon2id to write, those of other systems to read), the
// bounds a stored hash must keep, how many hashes run at once, and the rules for
// new passwords. It must not know accounts, requests, messages or the store.
//
//	Rule.New      a new password: shape, common ones, one's own names
//	Hasher.For    whose turn it is at the gate: networks share it
//	Hasher.Apart  hashes are made by what somebody else starts, where Work answers
//	Hasher.Hash   NFC, a fresh salt, a slot of the gate, argon2id, a PHC string
//	Hasher.Import another system's hash: bounded, in one spelling, wrapped if it is fast
//	Hasher.Verify the stored hash parsed and bounded before any work is done,
//	              a slot of the gate, the NFC form, then the form as typed
//	Result.Stale  the caller hashes the password again and stores that
//
// Checking against no hash ("") costs what checking against a hash of the current
// parameters costs, so that an unknown account takes as long as a wrong password. A
// hash that is not yet current (bcrypt, other parameters) takes its own time, until
// its owner signs in once and the caller hashes again; Cost measures it, so that the
// caller can hold every refusal back until the slowest would have come.
//
// # Hashes of other systems
//
// Stored as they are; of several spellings in a line, Import writes the first:
//
//	$argon2id$v=19$m=…,t=…,p=…$salt$tag    argon2$argon2id$… (Django)
//	$argon2i$v=19$m=…,t=…,p=…$salt$tag     argon2$argon2i$…
//	$2a$… $2b$… $2y$…                      bcrypt$$2b$… (Django), {CRYPT}$2b$… (LDAP)
//	bcrypt_sha256$$2b$…                    Django: bcrypt of SHA-256 in hexadecimal
//	$wp$2y$…                               WordPress 6.8: bcrypt of HMAC-SHA-384 in base64
//	$scrypt$ln=…,r=…,p=…$salt$tag          scrypt$N$salt$r$p$tag (Django)
//	$pbkdf2-sha256$i=…$salt$tag            $pbkdf2-sha256$i=…,l=…$salt$tag,
//	                                       $pbkdf2-sha256$29000$salt$tag (passlib),
//	                                       pbkdf2_sha256$260000$salt$tag (Django);
//	                                       also -sha1 (passlib: $pbkdf2$…) and -sha512
//	$5$rounds=…$salt$tag                   {CRYPT}$5$…; without rounds they are 5000
//	$6$rounds=…$salt$tag                   {CRYPT}$6$…; without rounds they are 5000
//
// Fast hashes, which are never stored as they are: a fast graphics card tries millions
// to billions a second of them, of argon2id thousands.
//
//	32, 40, 64, 128 hexadecimal digits     MD5, SHA-1, SHA-256, SHA-512 of the password alone
//	md5$salt$hex  sha1$salt$hex            Django: hash(salt, password); md5$$hex: without salt
//	{MD5} {SHA} {SHA256} {SHA512}          LDAP: base64 of hash(password)
//	{SMD5} {SSHA} {SSHA256} {SSHA512}      LDAP: base64 of hash(password, salt) and the salt
//	$1$salt$tag                            md5-crypt; also {CRYPT}$1$…
//	$P$… $H$…                              phpass: WordPress up to 6.7, phpBB 3
//	pbkdf2, $5$, $6$                       under 20,000 iterations
//	scrypt                                 under 1 MiB of memory
//
// Hexadecimal digits and LDAP's schemes may be of either case. Each becomes an argon2id
// hash of its tag:
//
//	$kunci-wrap$kind[,setting…]$salt$argon2id$v=19$m=…,t=…,p=…$outer salt$outer tag
//
// where kind and settings are one of
//
//	md5 sha1 sha256 sha512                 with ,salt=before or ,salt=after where there is a salt
//	md5-crypt
//	phpass,ln=13                           2^13 turns
//	pbkdf2-sha1,i=1000,l=20                l is the tag's length in bytes; also -sha256, -sha512
//	scrypt,ln=9,r=8,p=1,l=64
//	sha256-crypt,rounds=5000               also sha512-crypt
//
// The salt is the inner one in unpadded base64. What argon2id hashes is the inner tag:
// bytes, but for md5-crypt, sha-crypt and phpass the characters that stand in their
// hashes. A password with a NUL byte, or longer than 1024 bytes (of $1$ 511, of $5$ and $6$ 128 or, where wrapped, 511),
// matches none of these.
package password
