package verify

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// open decodes into claims what a compact JWS of a type says (RFC 7515), if it is signed with ES256 by one of the server's keys, named by its id. A key that it brings along, or says
// where to find, counts for nothing. The error is ErrInvalid or ErrUnavailable, and quotes nothing of the text: the library's own errors would.
func (k *publicKeys) open(ctx context.Context, text, typ string, now time.Time, claims any) error {
	if !canonical(text) {
		return fmt.Errorf("%w: malformed", ErrInvalid)
	}
	token, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil || len(token.Headers) != 1 {
		return fmt.Errorf("%w: malformed, or not signed with ES256", ErrInvalid)
	}
	header := token.Headers[0]
	_, critical := header.ExtraHeaders["crit"]
	switch {
	case header.ExtraHeaders["typ"] != typ:
		return fmt.Errorf("%w: its type is not %s", ErrInvalid, typ)
	case critical:
		return fmt.Errorf("%w: it has extensions that must be understood", ErrInvalid)
	case header.KeyID == "":
		return fmt.Errorf("%w: it names no key", ErrInvalid)
	}
	key, err := k.find(ctx, header.KeyID, now)
	if err != nil {
		return err
	}
	if err := token.Claims(key, claims); err != nil {
		return fmt.Errorf("%w: wrong signature, or claims of other types", ErrInvalid)
	}
	return nil
}

// canonical reports whether a text is parts of base64url, joined by dots and each written in the one way there is. Go's decoder, and so the library, overlooks line breaks and the bits
// left over at the end of a part: the same ticket could be written in many ways.
func canonical(text string) bool {
	if strings.ContainsAny(text, "\r\n") {
		return false
	}
	for part := range strings.SplitSeq(text, ".") {
		if _, err := base64.RawURLEncoding.Strict().DecodeString(part); err != nil {
			return false
		}
	}
	return true
}
