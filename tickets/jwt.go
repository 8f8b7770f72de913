package tickets

import (
	"strconv"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
)

// jwtType is the type of an access token that is a JWT (RFC 9068 section 2.1).
const jwtType = "at+jwt"

// jwtClaims are the claims of a JWT, with the names of RFC 9068 section 2.2. Instants are in
// seconds since 1970.
type jwtClaims struct {
	Issuer              string   `json:"iss"`
	Audience            []string `json:"aud"`
	Subject             string   `json:"sub"`
	ClientID            string   `json:"client_id"`
	SessionID           string   `json:"sid"`
	IssuedAt            int64    `json:"iat"`
	ExpiresAt           int64    `json:"exp"`
	AuthTime            int64    `json:"auth_time"`
	ID                  string   `json:"jti"`
	Behaviors           []string `json:"behaviors"`
	Anonymous           bool     `json:"anonymous"`
	ClaimedAnonymousSub string   `json:"claimed_anonymous_sub,omitempty"`
}

// sign makes the JWT of an access token. The same ticket always has the same jti.
func (o *Office) sign(contents seal.Contents, claimed *models.ID) (secret.Text, error) {
	session := models.ID(contents.SessionID).String()
	claims := jwtClaims{
		Issuer:    o.Issuer,
		Audience:  o.Audience,
		Subject:   models.ID(contents.UserID).String(),
		ClientID:  contents.Application,
		SessionID: session,
		IssuedAt:  contents.IssuedAt.Unix(),
		ExpiresAt: contents.ExpiresAt.Unix(),
		AuthTime:  contents.StartedAt.Unix(),
		ID:        session + "." + strconv.FormatInt(contents.Generation, 10),
		Behaviors: contents.Behaviors,
		Anonymous: contents.Anonymous,
	}
	if claims.Behaviors == nil {
		claims.Behaviors = []string{}
	}
	if claimed != nil {
		claims.ClaimedAnonymousSub = claimed.String()
	}

	signed, err := o.Signers.Sign(jwtType, claims, contents.IssuedAt)
	return secret.New(signed), busyUntilLoaded(err)
}
