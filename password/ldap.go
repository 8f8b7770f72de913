package password

import (
	"crypto/sha1" //nolint:gosec // this format uses it, and we only check such hashes
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"hash"
	"regexp"
	"strings"

	"github.com/go-crypt/crypt"
)

// unlabelled removes the label that a directory writes before a complete hash: {CRYPT}, {ARGON2},
// or passlib's {PBKDF2-SHA256} and similar. Case does not matter in labels (RFC 2307).
func unlabelled(text string) string {
	if !strings.HasPrefix(text, "{") {
		return text
	}
	label, rest, _ := strings.Cut(text, "}")
	return crypt.Normalize(strings.ToUpper(label) + "}" + rest)
}

// saltedSHAPattern is a single SHA hash of the password and the salt. The salt follows the digest.
var saltedSHAPattern = regexp.MustCompile(`^\{SSHA(256|512)?\}([A-Za-z0-9+/]+=*)$`)

func readSaltedSHA(captured []string) (matcher, error) {
	newHash := map[string]func() hash.Hash{"": sha1.New, "256": sha256.New, "512": sha512.New}[captured[1]]
	size := newHash().Size()
	bytes, err := base64.StdEncoding.DecodeString(captured[2])
	if err != nil || len(bytes) <= size {
		return nil, ErrUnknownFormat
	}

	digest, salt := bytes[:size], bytes[size:]
	return func(plain string) bool {
		sum := newHash()
		_, _ = sum.Write([]byte(plain))
		_, _ = sum.Write(salt)
		return subtle.ConstantTimeCompare(sum.Sum(nil), digest) == 1
	}, nil
}
