package tickets

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"regexp"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
)

// attemptForm is what an attempt looks like. It is long enough that nobody can guess one.
var attemptForm = regexp.MustCompile(`^[A-Za-z0-9]{16,64}$`)

// attemptHashSize is the size of a hash in bytes. 64 bits are enough, because a stranger can try
// only one attempt per session.
const attemptHashSize = 8

// hashAttempt returns the hash that a session stores of an attempt to refresh with a token. With
// another token, the same attempt has another hash. The reason of its error is ATTEMPT_INVALID.
func hashAttempt(attempt secret.Text, contents seal.Contents) ([]byte, error) {
	if !attemptForm.MatchString(attempt.Reveal()) {
		return nil, &models.Error{Reason: models.ReasonAttemptInvalid}
	}

	text := append([]byte("authtickets attempt"), contents.SessionID[:]...)
	text = binary.BigEndian.AppendUint64(text, uint64(contents.Generation)) //nolint:gosec // never negative
	sum := sha256.Sum256(append(text, attempt.Reveal()...))
	return sum[:attemptHashSize], nil
}

// isRepetition reports whether a session reached its generation by the attempt with this hash. A
// refresh without an attempt has no hash, and repeats nothing.
func isRepetition(stored *models.Session, hash []byte) bool {
	return len(hash) > 0 && subtle.ConstantTimeCompare(stored.AttemptHash, hash) == 1
}
