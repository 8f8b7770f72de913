package test_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
)

// as returns the headers with which an application names itself, and its proof if it has a secret.
func as(id, secret string) []string {
	headers := []string{"x-application", id}
	if secret != "" {
		headers = append(headers, "x-application-secret", secret)
	}
	return headers
}

// application creates an application and returns its secret. A public one has none.
func (o *office) application(id string, confidential bool, change applications.Change) string {
	o.t.Helper()
	created, err := o.applications.Create(o.t.Context(), access.Operator(),
		applications.New{ID: id, IsConfidential: confidential, Change: change})
	must(o.t, err)
	o.follow()

	return created.Secret.Reveal()
}

const (
	issueQuery   = `mutation { anonymousShopperTicket { ` + fields + ` } }`
	refreshQuery = `mutation ($token: String!) { refreshTicket(refreshToken: $token) { ` + fields + ` } }`
)

func bearer(token string) []string { return []string{"Authorization", "Bearer " + token} }

func TestTicketsBelongToTheirApplication(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		alone := o.anonymous() // with one application, no request has to name it
		secret := o.application("backend", true, applications.Change{
			Behaviors:          []string{"orders.read"},
			AnonymousBehaviors: []string{"catalog.read"},
			AccessLifetime:     new(time.Minute),
			RefreshLifetime:    new(time.Hour),
		})

		o.anonymous() // without a secret, a client can only be the one public application
		o.application("kiosk", false, applications.Change{})
		expect(t, o.post(issueQuery, nil), models.ReasonApplicationMissing)

		for name, headers := range map[string][]string{
			"unknown": as("nobody", ""), "no secret": as("backend", ""),
			"wrong secret": as("backend", secret+"x"), "a secret of a public one": as("storefront", secret),
			"twice": append(as("storefront", ""), as("storefront", "")...),
		} {
			if got := o.post(issueQuery, nil, headers...); got.Reason() != models.ReasonApplicationInvalid {
				t.Errorf("%s: %s", name, got.Text)
			}
		}

		shop, backend := as("storefront", ""), as("backend", secret)
		anonymous := o.post(issueQuery, nil, backend...).ticket(t, "anonymousShopperTicket")
		if !slices.Equal(anonymous.Behaviors, []string{"catalog.read"}) || anonymous.AccessTokenLifetime != 60 {
			t.Errorf("%+v", anonymous)
		}

		customer := o.post(signInQuery, variables{"input": variables{
			"username": "ada",
			"password": rightPassword, "previousRefreshToken": anonymous.RefreshToken,
		}}, backend...).
			ticket(t, "createUserTicket")
		if !slices.Equal(customer.Behaviors, []string{"orders.read"}) || customer.RefreshTokenLifetime != 3600 ||
			customer.ClaimedAnonymousUserID == nil {
			t.Errorf("%+v", customer)
		}

		for _, field := range []string{"currentShopper", "refreshTicket"} {
			var own, other answer
			if field == "currentShopper" {
				own = o.currentShopper("behaviors application", append(backend, bearer(customer.AccessToken)...)...)
				other = o.currentShopper("behaviors", append(shop, bearer(customer.AccessToken)...)...)
			} else {
				other = o.post(refreshQuery, variables{"token": customer.RefreshToken}, shop...)
				own = o.post(refreshQuery, variables{"token": customer.RefreshToken}, backend...)
			}

			expect(t, other, models.ReasonTokenInvalid)
			expect(t, own, "")
		}

		// A token of another application can be neither revoked nor claimed.
		if got := o.post(revokeQuery, variables{"token": alone.RefreshToken}, backend...); string(
			got.Data["revokeTicket"],
		) != `{"sessionsEnded":0}` {
			t.Error(got.Text)
		}

		claiming := o.post(signInQuery, variables{"input": variables{
			"username": "ada",
			"password": rightPassword, "previousRefreshToken": alone.RefreshToken,
		}}, backend...).
			ticket(t, "createUserTicket")
		if claiming.ClaimedAnonymousUserID != nil {
			t.Error("claimed another application's shopper")
		}

		o.post(refreshQuery, variables{"token": alone.RefreshToken}, shop...).ticket(t, "refreshTicket")
	})
}

func TestApplicationsChangeWhileServing(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		first := o.anonymous()
		_, err := o.applications.Update(t.Context(), access.Operator(), applications.Storefront, applications.Change{
			AnonymousBehaviors: []string{"cart.read"},
			Origins:            []string{"https://new.example"},
		})
		must(t, err)
		o.follow()
		if got := o.refresh(first.RefreshToken); !slices.Equal(got.Behaviors, []string{"cart.read"}) {
			t.Errorf("%v", got.Behaviors)
		}

		expect(t, o.post(issueQuery, nil, "Origin", shopOrigin), models.ReasonOriginNotAllowed)
		if got := o.post(issueQuery, nil, "Origin", "https://new.example"); got.Reason() != "" ||
			got.Header.Get("Access-Control-Allow-Origin") != "https://new.example" {
			t.Error(got.Text, got.Header)
		}
	})
}

func TestDisabledApplication(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		secret := o.application(
			"backend", true, applications.Change{OwnBehaviors: []string{access.IntrospectTickets().Behavior()}},
		)
		shop := as(applications.Storefront, "")
		before := o.post(issueQuery, nil, shop...).ticket(t, "anonymousShopperTicket")
		o.clock.Pass(time.Second)
		_, err := o.applications.Disable(t.Context(), access.Operator(), applications.Storefront)
		must(t, err)
		o.follow()
		expect(t, o.post(issueQuery, nil, shop...), models.ReasonApplicationDisabled)
		expect(
			t,
			o.currentShopper("userId", append(shop, bearer(before.AccessToken)...)...),
			models.ReasonApplicationDisabled,
		)
		if got := o.introspect(before.AccessToken, secret); got.Active {
			t.Error("its tickets are still valid")
		}

		o.clock.Pass(time.Second)
		_, err = o.applications.Enable(t.Context(), access.Operator(), applications.Storefront)
		must(t, err)
		o.follow()
		got := o.post(refreshQuery, variables{"token": before.RefreshToken}, shop...)
		expect(t, got, models.ReasonApplicationDisabled)
		if got.Errors[0].Extensions.NextStep != "SIGN_IN" {
			t.Error(got.Text)
		}

		expect(
			t,
			o.currentShopper("userId", append(shop, bearer(before.AccessToken)...)...),
			models.ReasonApplicationDisabled,
		)
		o.post(issueQuery, nil, shop...).ticket(t, "anonymousShopperTicket")
	})
}

// A shopper's address is accepted only from a confidential application.
func TestForwardedShoppers(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		secret := o.application("backend", true, applications.Change{})
		try := func(plain, address string, headers []string) answer {
			got := o.post(
				signInQuery,
				variables{"input": variables{"username": "ada", "password": plain}},
				append(
					[]string{"x-shopper-address", address, "x-shopper-user-agent", "Shop/1.0\t(" + address + ")"},
					headers...)...)
			return got
		}

		shop, backend := as("storefront", ""), as("backend", secret)
		for range 5 {
			expect(t, try("wrong", "192.0.2.1", backend), models.ReasonInvalidCredentials)
		}

		expect(t, try("wrong", "192.0.2.1", backend), models.ReasonTooManyAttempts)
		expect(t, try(rightPassword, "192.0.2.2", backend), "")
		if got := try(rightPassword, "nowhere", backend); got.Status != http.StatusBadRequest ||
			!strings.Contains(got.Text, "x-shopper-address") {
			t.Error(got.Text)
		}

		for i := range 5 {
			expect(t, try("wrong", string(rune('1'+i))+".0.2.1", shop), models.ReasonInvalidCredentials)
		}

		expect(t, try("wrong", "9.0.2.1", shop), models.ReasonTooManyAttempts) // they all came from this address
		sessions := o.sessionsOf("ada", secret)
		if len(sessions) != 1 || sessions[0].UserAgent != "Shop/1.0(192.0.2.2)" {
			t.Errorf("%+v", sessions)
		}
	})
}
