package password

import (
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // this format uses it, and we only check such hashes
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"hash"
	"regexp"
)

// djangoPattern is Django's PBKDF2 format: the salt is text, and the digest is padded base64. See
// https://docs.djangoproject.com/en/stable/topics/auth/passwords/.
var djangoPattern = regexp.MustCompile(`^pbkdf2_sha(1|256)\$([1-9]\d*)\$([^$]+)\$([A-Za-z0-9+/]+=*)$`)

func readDjango(captured []string) (matcher, error) {
	newHash := map[string]func() hash.Hash{"1": sha1.New, "256": sha256.New}[captured[1]]
	iterations, salt := number(captured[2]), []byte(captured[3])
	digest, err := base64.StdEncoding.DecodeString(captured[4])
	switch {
	case iterations > maxPBKDF2Iterations:
		return nil, ErrTooCostly
	case err != nil, len(digest) != newHash().Size():
		return nil, ErrUnknownFormat
	}

	return func(plain string) bool {
		key, err := pbkdf2.Key(newHash, plain, salt, iterations, len(digest))
		return err == nil && subtle.ConstantTimeCompare(key, digest) == 1
	}, nil
}
