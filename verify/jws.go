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

// open checks a compact JWS (RFC 7515) and decodes its contents into claims. The JWS must have the
// type typ, and be signed with ES256 by the server's key whose id it names. A key that it contains
// or links to is ignored. The error is ErrInvalid or ErrUnavailable. It does not quote the text, as
// the library's own errors would.
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

// canonical reports whether a text consists of parts in base64url, joined by dots, each in its
// canonical form. Go's decoder, and so the library, ignores line breaks and leftover bits at the
// end of a part. Without this check, one ticket could be written in many ways.
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
