package test_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/inbound"
	"github.com/authtickets/authtickets/kibo/kibographql"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/web"
)

// kiboOffice is an office with --kibo.
type kiboOffice struct {
	*office

	// token is the access token of a confidential application's own ticket.
	token string
}

// underKibosNames serves the same office with --kibo.
func (o *office) underKibosNames(changes ...func(*web.Settings)) *kiboOffice {
	o.t.Helper()
	issuer := o.applicationTickets()
	served := o.with(func(s *web.Settings) {
		s.Facade = kibographql.NewFacade(o.Office)
		s.Kibo = func(*inbound.Callers) http.Handler { return http.NotFoundHandler() }
		for _, change := range changes {
			change(s)
		}
	})

	const id = "next"
	proof := o.application(id, true, applications.Change{})
	ticket, err := issuer.Issue(o.t.Context(), &access.Caller{Application: id, Secret: secret.New(proof)})
	must(o.t, err)
	return &kiboOffice{served, ticket.AccessToken.Reveal()}
}

// headers returns the headers of a request from the application, with a shopper's access token. It
// may be empty, as some clients send it.
func (k *kiboOffice) headers(shopper string) []string {
	return []string{"Authorization", "Bearer " + k.token, "x-vol-user-claims", shopper}
}

// These documents are what Kibo's clients send.
const (
	kiboLogin = `mutation login($loginInput: CustomerUserAuthInfoInput!) {
		account: createCustomerAuthTicket(customerUserAuthInfoInput: $loginInput) {
			accessToken accessTokenExpiration refreshToken refreshTokenExpiration userId
			customerAccount { id firstName lastName emailAddress userName }
		}
	}`
	kiboRefresh = `mutation refreshCustomerAuthTickets($accountId: Int, $refreshToken: String) {
		refreshCustomerAuthTickets(accountId: $accountId, refreshToken: $refreshToken) {
			customerAccount { id userId firstName lastName emailAddress userName isAnonymous accountType }
			accessToken accessTokenExpiration refreshToken refreshTokenExpiration userId jwtAccessToken
		}
	}`
	kiboAnonymous = `query {
		getAnonymousShopperToken {
			accessToken accessTokenExpiration refreshToken refreshTokenExpiration jwtAccessToken userId
			customerAccount { id isAnonymous userId userName attributes { values } }
		}
	}`
	kiboAccount = `query getCurrentAccount {
		customerAccount: getCurrentAccount { id userName emailAddress firstName lastName companyOrOrganization }
	}`
)

func kiboCredentials(password string) variables {
	return variables{"loginInput": variables{"username": "ada", "password": password}}
}

// accountID returns the number of the account in a ticket.
func (t *ticket) accountID() float64 {
	id, _ := t.CustomerAccount["id"].(float64)
	return id
}

// A storefront of Kibo goes from an anonymous shopper to a customer and through a refresh.
func TestKiboNames(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		ada := o.customer("ada")
		k := o.underKibosNames()

		guest := k.post(kiboAnonymous, nil, k.headers("")...).ticket(t, "getAnonymousShopperToken")
		wantedGuest := `"customerAccount":{"id":0,"isAnonymous":true,"userId":"` + guest.UserID +
			`","userName":null,"attributes":[]}`
		if !strings.Contains(guest.raw, wantedGuest) || !strings.Contains(guest.raw, `"jwtAccessToken":"ey`) {
			t.Error(guest.raw)
		}

		customer := k.post(kiboLogin, kiboCredentials(rightPassword), k.headers(guest.AccessToken)...).
			ticket(t, "account")
		if customer.UserID != ada.UserID.String() || customer.accountID() == 0 ||
			customer.CustomerAccount["emailAddress"] != "ada@example.com" {
			t.Error(customer.raw)
		}
		claimed := k.post(kiboRefresh, variables{"refreshToken": guest.RefreshToken}, k.headers("")...)
		expect(t, claimed, models.ReasonSignedIn)

		values := variables{"accountId": customer.accountID(), "refreshToken": customer.RefreshToken}
		next := k.post(kiboRefresh, values, k.headers("")...).ticket(t, "refreshCustomerAuthTickets")
		if next.UserID != customer.UserID || next.RefreshToken == customer.RefreshToken ||
			next.accountID() != customer.accountID() {
			t.Error(next.raw)
		}

		account := k.post(kiboAccount, nil, k.headers(next.AccessToken)...)
		expect(t, account, "")
		if !strings.Contains(string(account.Data["customerAccount"]), `"userName":"ada"`) {
			t.Error(account.Text)
		}
	})
}

// What is selected of an account is the same as under the names of the main schema.
func TestKiboNamesAccounts(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		k := o.underKibosNames()
		const all = ` { acceptsMarketing accountType attributes { attributeDefinitionId fullyQualifiedName values } ` +
			`companyOrOrganization customerSet customerSinceDate emailAddress externalId firstName ` +
			`hasExternalPassword id isActive isAnonymous isLocked lastName localeCode taxExempt taxId userId userName }`

		for name, token := range map[string]string{
			"customer":  o.signIn("ada").AccessToken,
			"anonymous": o.anonymous().AccessToken,
		} {
			got := k.post(`{ getCurrentAccount`+all+` }`, nil, bearer(token)...)
			expect(t, got, "")
			var want struct{ CustomerAccount json.RawMessage }
			main := o.currentShopper("customerAccount"+all, bearer(token)...)
			must(t, json.Unmarshal(main.Data["currentShopper"], &want))

			wanted := strings.Replace(string(want.CustomerAccount), `"id":null`, `"id":0`, 1)
			if string(got.Data["getCurrentAccount"]) != wanted {
				t.Errorf("%s: %s\nwant %s", name, got.Text, wanted)
			}
		}
	})
}

// The number of statements of each operation is part of its contract.
func TestKiboBudgets(t *testing.T) {
	t.Parallel()

	onEachCounted(t, testKiboNamesBudgets)
}

func testKiboNamesBudgets(t *testing.T, o *office, statements func() int) {
	t.Helper()
	o.customer("ada")
	k := o.underKibosNames()
	b := &budgets{office: k.office, statements: statements}
	asks := func(query string, values variables, headers ...string) func() {
		return func() { expect(t, b.post(query, values, headers...), "") }
	}

	b.costs("getAnonymousShopperToken", 0, asks(kiboAnonymous, nil, k.headers("")...))
	signIn := func(selection string) func() {
		return asks(`mutation { createCustomerAuthTicket(customerUserAuthInfoInput: {username: "ada", password: "`+
			rightPassword+`"}) { accessToken `+selection+` } }`, nil)
	}
	b.costs("createCustomerAuthTicket", 2, signIn(""))
	b.costs("createCustomerAuthTicket with account", 2, signIn(`customerAccount { id firstName }`))
	b.costs("createCustomerAuthTicket with attributes", 3, signIn(`customerAccount { attributes { values } }`))
	guest := bearer(b.anonymous().AccessToken)
	b.costs("createCustomerAuthTicket with a claim", 4, asks(kiboLogin, kiboCredentials(rightPassword), guest...))

	customer := b.signIn("ada")
	headers := bearer(customer.AccessToken)
	b.costs("getCurrentAccount", 1, asks(kiboAccount, nil, headers...))
	withAttributes := asks(`{ getCurrentAccount { id attributes { values } } }`, nil, headers...)
	b.costs("getCurrentAccount with attributes", 2, withAttributes)
	b.costs("getCurrentAccount by aliases", 2, asks(`{ a: getCurrentAccount { id } b: getCurrentAccount { firstName }
		...A } fragment A on Query { c: getCurrentAccount { attributes { values } } }`, nil, headers...))
	b.costs("getCurrentAccount of an anonymous shopper", 0, asks(kiboAccount, nil, guest...))

	refresh := func(selection string) func() {
		return func() {
			query := `mutation { refreshCustomerAuthTickets(refreshToken: "` + customer.RefreshToken + `") { ` +
				`accessToken refreshToken ` + selection + ` } }`
			customer = b.post(query, nil).ticket(t, "refreshCustomerAuthTickets")
		}
	}
	b.costs("refreshCustomerAuthTickets", 2, refresh(""))
	b.costs("refreshCustomerAuthTickets with account", 2, refresh(`customerAccount { id }`))
	b.costs("refreshCustomerAuthTickets with attributes", 3, refresh(`customerAccount { attributes { values } }`))
}
