package verify

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"
)

// jwtClaims are the claims of a jwtAccessToken (RFC 9068 section 2.2). All but the last are
// required.
type jwtClaims struct {
	Issuer      string       `json:"iss"`
	Audience    jwt.Audience `json:"aud"`
	UserID      string       `json:"sub"`
	Application string       `json:"client_id"`
	SessionID   string       `json:"sid"`
	ID          string       `json:"jti"`
	IssuedAt    int64        `json:"iat"`
	ExpiresAt   int64        `json:"exp"`
	StartedAt   int64        `json:"auth_time"`
	Behaviors   *[]string    `json:"behaviors"`
	Anonymous   *bool        `json:"anonymous"`

	ClaimedAnonymousUserID string `json:"claimed_anonymous_sub"`
}

// verifyJWT returns the shopper of a jwtAccessToken. The caller must check whether it has expired
// or was revoked.
func (v *Verifier) verifyJWT(ctx context.Context, token string, now time.Time) (*Shopper, error) {
	var claims jwtClaims
	if err := v.keys.open(ctx, token, "at+jwt", now, &claims); err != nil {
		return nil, err
	}

	switch {
	case claims.Issuer != v.settings.Issuer:
		return nil, fmt.Errorf("%w: from another issuer", ErrInvalid)
	case !slices.Contains(claims.Audience, v.settings.Audience):
		return nil, fmt.Errorf("%w: for another audience", ErrInvalid)
	case claims.ID == "" || claims.Behaviors == nil || claims.Anonymous == nil,
		claims.ClaimedAnonymousUserID != "" && !isID(claims.ClaimedAnonymousUserID):
		return nil, fmt.Errorf("%w: a claim is missing or malformed", ErrInvalid)
	}

	shopper := &Shopper{
		UserID:                 claims.UserID,
		SessionID:              claims.SessionID,
		Application:            claims.Application,
		Behaviors:              *claims.Behaviors,
		IsAnonymous:            *claims.Anonymous,
		ClaimedAnonymousUserID: claims.ClaimedAnonymousUserID,
		IssuedAt:               instant(claims.IssuedAt),
		StartedAt:              instant(claims.StartedAt),
		ExpiresAt:              instant(claims.ExpiresAt),
	}

	switch {
	case !shopper.complete():
		return nil, fmt.Errorf("%w: a claim is missing or malformed", ErrInvalid)
	case shopper.IssuedAt.After(now.Add(v.settings.Leeway)):
		return nil, fmt.Errorf("%w: issued in the future", ErrInvalid)
	}

	return shopper, nil
}

// complete reports whether the fields that every ticket has are present and well-formed.
func (s *Shopper) complete() bool {
	return isID(s.UserID) && isID(s.SessionID) && s.Application != "" &&
		!s.IssuedAt.IsZero() && !s.StartedAt.IsZero() && !s.ExpiresAt.IsZero()
}

// instant converts seconds since 1970. It returns the zero time if no ticket can have that time.
func instant(seconds int64) time.Time {
	const latest = 1 << 38 // the year 10,680
	if seconds <= 0 || seconds > latest {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// isID reports whether a text is an id as the server makes them: 32 lower-case hexadecimal digits.
func isID(text string) bool {
	if len(text) != 32 {
		return false
	}

	for i := range len(text) {
		if c := text[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}

	return true
}
