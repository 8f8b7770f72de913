package tickets

import (
	"maps"
	"slices"
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

	UserClaims *userClaims `json:"https://www.kibocommerce.com/user_claims,omitempty"`
}

// userClaims are what clients of Kibo's APIs read in a JWT.
type userClaims struct {
	// BehaviorWords are the numbers of the ticket's behaviors, as a set of bits: pairs of the index
	// of a word of 32 bits and the word. Words without a bit are left out. A word with the highest
	// bit is negative, because clients compare it with results of JavaScript's bit operations.
	BehaviorWords []int32 `json:"bv"`
}

// behaviorWords returns a set of bits with the numbers that an application has for behaviors.
func behaviorWords(behaviors []string, numbers map[string]int) []int32 {
	words := map[uint32]uint32{}
	for _, behavior := range behaviors {
		if number, ok := numbers[behavior]; ok {
			words[uint32(number)/32] |= 1 << (uint32(number) % 32) //nolint:gosec // never negative
		}
	}

	pairs := make([]int32, 0, 2*len(words))
	for _, index := range slices.Sorted(maps.Keys(words)) {
		pairs = append(pairs, int32(index), int32(words[index])) //nolint:gosec // the same bits
	}
	return pairs
}

// sign makes the JWT of an access token. The same ticket always has the same jti.
func (o *Office) sign(
	application *models.Application, contents seal.Contents, claimed *models.ID,
) (secret.Text, error) {
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
	if o.UserClaims {
		claims.UserClaims = &userClaims{behaviorWords(contents.Behaviors, application.BehaviorNumbers)}
	}
	if claimed != nil {
		claims.ClaimedAnonymousSub = claimed.String()
	}

	signed, err := o.Signers.Sign(jwtType, claims, contents.IssuedAt)
	return secret.New(signed), busyUntilLoaded(err)
}
