package applications

import (
	"crypto/sha256"
	"fmt"
	"io"

	"github.com/jxskiss/base62"

	"github.com/authtickets/authtickets/secret"
)

// secretSize is the number of random bytes in a secret. Nobody can guess that many, so a fast hash
// is enough.
const secretSize = 32

// newSecret draws a secret of letters and digits.
func newSecret(random io.Reader) (secret.Text, error) {
	var drawn [secretSize]byte
	if _, err := io.ReadFull(random, drawn[:]); err != nil {
		return secret.Text{}, fmt.Errorf("draw a secret: %w", err)
	}
	return secret.New(base62.EncodeToString(drawn[:])), nil
}

// hashOf returns what the database stores instead of a secret.
func hashOf(text secret.Text) [sha256.Size]byte { return sha256.Sum256([]byte(text.Reveal())) }
