package test_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
)

// introspection is what an application learns about a token.
type introspection struct {
	Active                                    bool
	UserID, SessionID, Application, StartedAt *string
	IssuedAt, AccessTokenExpiration           *string
	IsAnonymous                               *bool
	Behaviors                                 []string
	AccessTokenRemaining                      *int
}

func (o *office) introspect(token, secret string) introspection {
	o.t.Helper()
	got := o.post(`query ($token: String!) { introspectTicket(accessToken: $token) {
		active userId isAnonymous application behaviors sessionId startedAt issuedAt accessTokenExpiration `+
		`accessTokenRemaining } }`,
		variables{"token": token}, as("backend", secret)...)
	expect(o.t, got, "")
	var result introspection
	must(o.t, json.Unmarshal(got.Data["introspectTicket"], &result))

	return result
}

func TestIntrospectTicket(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		secret := o.application(
			"backend", true, applications.Change{OwnBehaviors: []string{access.IntrospectTickets().Behavior()}},
		)
		weak := o.application("weak", true, applications.Change{OwnBehaviors: []string{"other"}})
		got := o.post(signInQuery, variables{"input": variables{"username": "ada", "password": rightPassword}},
			as("storefront", "")...).
			ticket(t, "createUserTicket")
		result := o.introspect(got.AccessToken, secret)
		if !result.Active || *result.UserID != got.UserID || *result.Application != "storefront" ||
			!slices.Equal(result.Behaviors, got.Behaviors) ||
			*result.IsAnonymous ||
			*result.AccessTokenExpiration != got.AccessTokenExpiration ||
			*result.AccessTokenRemaining != 900 {
			t.Errorf("%+v", result)
		}

		for name, token := range map[string]string{
			"refresh token": got.RefreshToken, "nothing": "", "damaged": got.AccessToken[1:],
			"JWT": "e30.e30.e30",
		} {
			if result := o.introspect(token, secret); result.Active || result.UserID != nil || result.Behaviors != nil {
				t.Errorf("%s: %+v", name, result)
			}
		}

		ask := `query { introspectTicket(accessToken: "x") { active } }`
		expect(t, o.post(ask, nil, as("weak", weak)...), models.ReasonBehaviorMissing)
		expect(t, o.post(ask, nil, as("storefront", "")...), models.ReasonBehaviorMissing)
		expect(
			t,
			o.post(ask, nil, append(as("storefront", ""), bearer(got.AccessToken)...)...),
			models.ReasonBehaviorMissing,
		)
		o.clock.Pass(15 * time.Minute)
		if result := o.introspect(got.AccessToken, secret); result.Active {
			t.Error("expired")
		}
	})
}
