package test_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
)

func TestCurrentShopper(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		ada := o.customer("ada")
		const selection = `userId isAnonymous application behaviors accessTokenExpiration accessTokenRemaining ` +
			`sessionId`
		for name, c := range map[string]struct {
			ticket    ticket
			anonymous bool
		}{"anonymous": {o.anonymous(), true}, "customer": {o.signIn("ada"), false}} {
			o.clock.Pass(time.Minute)
			for _, headers := range [][]string{
				{"Authorization", "Bearer the application's", "x-vol-user-claims", c.ticket.AccessToken},
				{"Authorization", "Bearer " + c.ticket.AccessToken},
				{"authorization", "bearer " + c.ticket.AccessToken},
				{"x-vol-user-claims", c.ticket.AccessToken},
			} {
				got := o.currentShopper(selection, headers...)
				expect(t, got, "")
				var shopper map[string]any
				must(t, json.Unmarshal(got.Data["currentShopper"], &shopper))
				sessionID, _ := shopper["sessionId"].(string)
				delete(shopper, "sessionId")
				remaining, _ := shopper["accessTokenRemaining"].(float64)
				want := map[string]any{
					"userId": c.ticket.UserID, "isAnonymous": c.anonymous, "application": "storefront",
					"behaviors":             []any{"cart.write", "catalog.read"},
					"accessTokenExpiration": c.ticket.AccessTokenExpiration, "accessTokenRemaining": remaining,
				}
				if diff := cmp.Diff(want, shopper); diff != "" || !hexID.MatchString(sessionID) || remaining < 600 ||
					remaining >= 900 {
					t.Errorf("%s: remaining %v, session %q, %s", name, remaining, sessionID, diff)
				}
			}
		}

		gone := o.signIn("ada")
		must(t, errOf(o.Accounts.Delete(t.Context(), access.Operator(), accounts.Key{ID: ada.ID})))
		expect(
			t,
			o.currentShopper("customerAccount { id }", "Authorization", "Bearer "+gone.AccessToken),
			models.ReasonAccountDeleted,
		)
	})
}

func TestCurrentShopperRefuses(t *testing.T) {
	t.Parallel()

	o := open(t, sqlite(t))
	got := o.anonymous()
	expect(t, o.currentShopper("userId"), models.ReasonTokenMissing)

	for name, headers := range map[string][]string{
		"undefined": {"Authorization", "Bearer undefined"}, "no token": {"Authorization", "Bearer "},
		"no scheme":      {"Authorization", got.AccessToken},
		"another scheme": {"Authorization", "Basic " + got.AccessToken}, "empty": {"Authorization", ""},
		"refresh token": {"Authorization", "Bearer " + got.RefreshToken},
		"twice": {
			"Authorization", "Bearer " + got.AccessToken, "Authorization", "Bearer " + got.AccessToken,
		},
		"invalid claims with a valid token": {
			"Authorization", "Bearer " + got.AccessToken, "x-vol-user-claims", "nonsense",
		},
		"empty claims":                    {"x-vol-user-claims", ""},
		"empty claims with a valid token": {"Authorization", "Bearer " + got.AccessToken, "x-vol-user-claims", ""},
		"claims twice": {
			"x-vol-user-claims", got.AccessToken, "x-vol-user-claims", got.AccessToken,
		},
		"two blanks": {"Authorization", "Bearer  " + got.AccessToken},
		"tail":       {"Authorization", "Bearer " + got.AccessToken + " x"},
		"JWT":        {"Authorization", "Bearer eyJhbGciOiJub25lIiwianVrIjoiaHR0cDovL3gifQ.e30."},
	} {
		if answer := o.currentShopper("userId", headers...); answer.Reason() != models.ReasonTokenInvalid ||
			answer.Status != http.StatusOK {
			t.Errorf("%s: %s", name, answer.Text)
		}
	}

	o.clock.Pass(15*time.Minute - time.Microsecond)
	expect(t, o.currentShopper("userId", "Authorization", "Bearer "+got.AccessToken), "")
	o.clock.Pass(time.Microsecond)
	expired := o.currentShopper("userId", "Authorization", "Bearer "+got.AccessToken)
	expect(t, expired, models.ReasonTokenExpired)
	if step := expired.Errors[0].Extensions.NextStep; step != "REFRESH" {
		t.Errorf("next step %s", step)
	}
}

const wholeAccount = `customerAccount { __typename acceptsMarketing accountType attributes { ` +
	`attributeDefinitionId fullyQualifiedName values } ` +
	`companyOrOrganization customerSet customerSinceDate emailAddress externalId firstName hasExternalPassword id ` +
	`isActive isAnonymous isLocked ` +
	`lastName localeCode taxExempt taxId userId userName }`

func TestCustomerAccount(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		ada := o.customer("Ada", func(a *models.CustomerAccount) {
			a.AcceptsMarketing, a.TaxExempt = true, true
			a.AccountType, a.CompanyOrOrganization, a.CustomerSet = new("B2C"), new("Ada & Co — ✓"), new("default")
			a.ExternalID, a.LastName, a.LocaleCode, a.TaxID = new("x-1"), new("Lovelace"), new("en-GB"), new("GB1")
		})
		want := `{"__typename":"CustomerAccount","acceptsMarketing":true,"accountType":"B2C","attributes":[` +
			`{"attributeDefinitionId":7,"fullyQualifiedName":"tenant~a","values":["x",null]},` +
			`{"attributeDefinitionId":null,"fullyQualifiedName":"tenant~b","values":[12345678901234567890.10,` +
			`{"k":[null]}]}],` +
			`"companyOrOrganization":"Ada \u0026 Co — ✓","customerSet":"default",` +
			`"customerSinceDate":"2026-11-24T09:30:00.123Z",` +
			`"emailAddress":"Ada@example.com","externalId":"x-1","firstName":"Ada","hasExternalPassword":false,` +
			`"id":1,"isActive":true,` +
			`"isAnonymous":false,"isLocked":false,"lastName":"Lovelace","localeCode":"en-GB","taxExempt":true,` +
			`"taxId":"GB1","userId":"` +
			ada.UserID.String() + `","userName":"Ada"}`

		signedIn := o.signIn("ada")
		for name, got := range map[string]answer{
			"createUserTicket": o.post(`mutation { createUserTicket(input: {username: "ada", password: `+
				`"`+rightPassword+`"}) { `+wholeAccount+` } }`, nil),
			"refreshTicket": o.post(`mutation { refreshTicket(refreshToken: "`+signedIn.RefreshToken+`") `+
				`{ `+wholeAccount+` } }`, nil),
			"currentShopper": o.currentShopper(wholeAccount, "Authorization", "Bearer "+signedIn.AccessToken),
		} {
			if text := `{"data":{"` + name + `":{"customerAccount":` + want + `}}}`; got.Text != text &&
				got.Text != unescaped(text) {
				t.Errorf("%s: %s", name, cmp.Diff(text, got.Text))
			}
		}

		anonymous := o.anonymous()
		nobody := `{"__typename":"CustomerAccount","acceptsMarketing":false,"accountType":null,"attributes":[],` +
			`"companyOrOrganization":null,"customerSet":null,` +
			`"customerSinceDate":null,"emailAddress":null,"externalId":null,"firstName":null,` +
			`"hasExternalPassword":false,"id":null,"isActive":false,` +
			`"isAnonymous":true,"isLocked":false,"lastName":null,"localeCode":null,"taxExempt":false,"taxId":null,` +
			`"userId":"` + anonymous.UserID + `","userName":null}`

		got := o.currentShopper(wholeAccount, "Authorization", "Bearer "+anonymous.AccessToken)
		if text := `{"data":{"currentShopper":{"customerAccount":` + nobody + `}}}`; got.Text != text {
			t.Error(cmp.Diff(text, got.Text))
		}
	})
}

// Fragments, aliases and directives select fields as well.
func TestSelection(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		token := o.signIn("ada").AccessToken
		got := o.post(`query ($no: Boolean = false) {
			me: currentShopper { ...A one: customerAccount { given: firstName taxId @include(if: $no) } ... on `+
			`Shopper { two: customerAccount { attributes { values } } } }
		}
		fragment A on Shopper { customerAccount { ...B } customerAccount { userName } }
		fragment B on CustomerAccount { emailAddress attributes @skip(if: true) { values } `+
			`}`, nil, "Authorization", "Bearer "+token)

		want := `{"data":{"me":{"customerAccount":{"emailAddress":"ada@example.com","userName":"ada"},` +
			`"one":{"given":"Ada"},` +
			`"two":{"attributes":[{"values":["x",null]},{"values":[12345678901234567890.10,{"k":[null]}]}]}}}}`
		if got.Text != want {
			t.Error(cmp.Diff(want, got.Text))
		}
	})
}

func TestImportedHashIsRenewed(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		// This is "correct horse battery staple" hashed with bcrypt at cost 4.
		imported := o.customer("ada", func(a *models.CustomerAccount) {
			a.PasswordHash, a.HasExternalPassword = bcryptOfRightPassword(t), true
		})
		selection := `customerAccount { hasExternalPassword }`
		signIn := func() any {
			got := o.post(
				`mutation { createUserTicket(input: {username: "ada", password: "`+rightPassword+`"}) `+
					`{ `+selection+` } }`,
				nil,
			)
			return got.ticket(t, "createUserTicket").CustomerAccount["hasExternalPassword"]
		}

		expect(t, o.trySignIn("ada", rightPassword+"x", "", "203.0.113.5"), models.ReasonInvalidCredentials)
		if before, err := o.Accounts.Account(t.Context(), imported.UserID, nil, begin); err != nil ||
			!before.HasExternalPassword {
			t.Errorf("renewed by a wrong password: %v", err)
		}
		if first, second := signIn(), signIn(); first != false || second != false {
			t.Error("still external after signing in")
		}

		after, err := o.Accounts.Find(
			t.Context(), access.Operator(), accounts.Key{UserName: new("ada")}, accounts.Whole(),
		)
		must(t, err)
		if hash := after.PasswordHash.Reveal(); hash[:10] != "$argon2id$" || after.HasExternalPassword {
			t.Errorf("the stored hash begins %q", hash[:10])
		}
	})
}
