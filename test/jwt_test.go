package test_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/tickets"
	"github.com/authtickets/authtickets/verify"
)

// jwtOf returns the JWT in an answer, with its header and claims.
func jwtOf(t *testing.T, got answer, field string) (token string, header, claims map[string]any) {
	t.Helper()
	expect(t, got, "")
	var issued struct{ JWTAccessToken string }
	must(t, json.Unmarshal(got.Data[field], &issued))

	for i, part := range strings.Split(issued.JWTAccessToken, ".")[:2] {
		text, err := base64.RawURLEncoding.DecodeString(part)
		must(t, err)
		must(t, json.Unmarshal(text, []any{&header, &claims}[i]))
	}

	return issued.JWTAccessToken, header, claims
}

// The JWT of a sign-in has the claims of RFC 9068, and names the anonymous shopper that the
// customer claimed. JWTs of later tickets do not.
func TestJWTAccessToken(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		ada := o.customer("ada")
		shopper := o.anonymous()
		o.clock.Pass(time.Minute)
		token, header, claims := jwtOf(
			t,
			o.post(
				`mutation ($input: CustomerUserAuthInfoInput!) { createUserTicket(input: $input) { jwtAccessToken } }`,
				variables{
					"input": variables{
						"username":             "ada",
						"password":             rightPassword,
						"previousRefreshToken": shopper.RefreshToken,
					},
				},
			),
			"createUserTicket",
		)
		if header["alg"] != "ES256" || header["typ"] != "at+jwt" || header["kid"] == nil || len(header) != 3 {
			t.Errorf("%v", header)
		}

		now := float64(begin.Add(time.Minute).Unix())
		sid, _ := claims["sid"].(string)
		want := map[string]any{
			"iss": issuer, "aud": []any{issuer}, "sub": ada.UserID.String(), "client_id": "storefront",
			"sid": sid, "jti": sid + ".0",
			"iat": now, "auth_time": now, "exp": now + 900, "behaviors": []any{"cart.write", "catalog.read"},
			"anonymous": false, "claimed_anonymous_sub": shopper.UserID,
		}
		if diff := cmp.Diff(want, claims); diff != "" || len(sid) != 32 {
			t.Error(diff)
		}

		verifier, err := verify.New(
			verify.Settings{Issuer: issuer, Audience: issuer, Server: o.web.URL, Now: o.clock.Now},
		)
		must(t, err)
		if verified, err := verifier.Verify(t.Context(), token); err != nil ||
			verified.ClaimedAnonymousUserID != shopper.UserID ||
			verified.SessionID != sid {
			t.Errorf("%+v %v", verified, err)
		}

		expect(
			t, o.currentShopper("userId", bearer(token)...), models.ReasonTokenInvalid,
		) // the server accepts only its own access tokens

		customer := o.signIn("ada")
		o.clock.Pass(time.Minute)
		_, _, later := jwtOf(
			t,
			o.post(
				`mutation ($token: String!) { refreshTicket(refreshToken: $token) { jwtAccessToken } }`,
				variables{"token": customer.RefreshToken},
			),
			"refreshTicket",
		)
		if _, claims := later["claimed_anonymous_sub"]; claims || later["iat"] != now+60 || later["auth_time"] != now ||
			!strings.HasSuffix(later["jti"].(string), ".1") {
			t.Errorf("%v", later)
		}
	})
}

// A JWT is made only if it is selected. Without signing keys, only a ticket with a JWT must wait.
func TestJWTIsMadeWhereItIsSelected(t *testing.T) {
	t.Parallel()
	o := open(t, sqlite(t), func(w *tickets.Office) { w.Signers = new(seal.Signers) })
	o.anonymous()
	expect(t, o.post(`mutation { anonymousShopperTicket { userId jwtAccessToken @skip(if: true) } }`, nil), "")
	expect(t, o.post(`mutation { anonymousShopperTicket { userId jwtAccessToken } }`, nil), models.ReasonBusy)
}
