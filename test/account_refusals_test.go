package test_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/models"
)

func TestAccountOperationsRefuse(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		o.customer("eve")
		o.customer("bob@mail.example", func(a *models.CustomerAccount) { a.EmailAddress = new("victim@example.com") })
		m := manage(o)
		ada := variables{"userName": "ada"}

		for name, refused := range map[string]struct {
			got     answer
			reason  models.Reason
			message string
		}{
			"nobody": {
				m.ask(findQuery, variables{"by": variables{"userName": "nobody"}}),
				models.ReasonAccountNotFound, "",
			},
			"an address as user name": {
				m.ask(findQuery, variables{"by": variables{"userName": "ada@example.com"}}),
				models.ReasonAccountNotFound, "",
			},
			"a user name as address": {
				m.ask(findQuery, variables{"by": variables{"emailAddress": "bob@mail.example"}}),
				models.ReasonAccountNotFound, "",
			},
			"no such name": {
				m.ask(findQuery, variables{"by": variables{"userName": "\x00"}}), models.ReasonAccountNotFound,
				"",
			},
			"no key": {
				m.ask(findQuery, variables{"by": variables{}}), models.ReasonAccountInvalid, "name one account",
			},
			"two keys": {
				m.ask(findQuery, variables{"by": variables{"userName": "ada", "id": 1}}),
				models.ReasonAccountInvalid, "name one account",
			},
			"update nobody": {
				m.ask(updateQuery, variables{"account": variables{"id": 4711}, "input": variables{}}),
				models.ReasonAccountNotFound, "",
			},
			"taken name": {
				m.ask(updateQuery, variables{"account": ada, "input": variables{"userName": "EVE"}}),
				models.ReasonAccountInvalid, "another account",
			},
			"taken address": {
				m.ask(createQuery, variables{"input": variables{"userName": "new", "emailAddress": "eve@example.com"}}),
				models.ReasonAccountInvalid, "another account",
			},
			"exists": {
				m.ask(createQuery, variables{"input": variables{"userName": "ada"}}),
				models.ReasonAccountInvalid, "exists",
			},
			"no user name": {
				m.ask(createQuery, variables{"input": variables{"firstName": "x"}}),
				models.ReasonAccountInvalid, "userName",
			},
			"null user name": {
				m.ask(updateQuery, variables{"account": ada, "input": variables{"userName": nil}}),
				models.ReasonAccountInvalid, "userName",
			},
			"blank password": {
				m.ask(updateQuery, variables{"account": ada, "input": variables{"password": "  "}}),
				models.ReasonAccountInvalid, "password",
			},
			"set blank": {
				m.ask(`mutation { setAccountPassword(account: {userName: "ada"}, password: " ") { id } }`, nil),
				models.ReasonAccountInvalid, "password",
			},
			"a far offset": {
				m.ask(updateQuery, variables{
					"account": ada,
					"input":   variables{"customerSinceDate": "2026-01-01T00:00:00+24:00"},
				}),
				models.ReasonRequestInvalid, "RFC 3339",
			},
			"a comma": {
				m.ask(updateQuery, variables{
					"account": ada,
					"input":   variables{"customerSinceDate": "2026-01-01T00:00:00,5Z"},
				}),
				models.ReasonRequestInvalid, "RFC 3339",
			},
			"bad date": {
				m.ask(updateQuery, variables{"account": ada, "input": variables{"customerSinceDate": "yesterday"}}),
				models.ReasonRequestInvalid, "RFC 3339",
			},
			"number as name": {
				m.ask(updateQuery, variables{"account": ada, "input": variables{"firstName": 5}}),
				models.ReasonRequestInvalid, "",
			},
			"id of a user": {
				m.ask(updateQuery, variables{"account": ada, "input": variables{"userId": "x"}}),
				models.ReasonRequestInvalid, "",
			},
			"a hash": {
				m.ask(updateQuery, variables{"account": ada, "input": variables{"passwordHash": "x"}}),
				models.ReasonRequestInvalid, "",
			},
		} {
			if refused.got.Reason() != refused.reason || !strings.Contains(refused.got.Text, refused.message) ||
				strings.Contains(refused.got.Text, "errorId") {
				t.Errorf("%s: %s", name, refused.got.Text)
			}
		}

		token := m.ask(signInQuery, variables{"input": variables{"username": "ada", "password": rightPassword}}).
			ticket(t, "createUserTicket").
			AccessToken
		o.expectRefusedWithoutBehavior(token)
	})
}

// expectRefusedWithoutBehavior fails if one of these operations does or reveals anything without
// the behavior.
func (o *office) expectRefusedWithoutBehavior(token string) {
	o.t.Helper()
	for name, headers := range map[string][]string{
		"public":                     as("storefront", ""),
		"shopper of the application": append([]string{"x-application", "backend"}, bearer(token)...),
		"nobody":                     nil,
	} {
		for _, query := range []string{
			`{ account(by: {userName: "ada"}) { id } }`,
			`{ accountSessions(account: {userName: "ada"}) { id } }`,
			`mutation { createAccount(input: {userName: "mallory"}) { id } }`,
			`mutation { updateAccount(account: {userName: "ada"}, input: {firstName: "M"}) { id } }`,
			`mutation { setAccountPassword(account: {userName: "ada"}, password: "mallory") { id } }`,
			`mutation { lockAccount(account: {userName: "ada"}) { id } }`,
			`mutation { unlockAccount(account: {userName: "ada"}) { id } }`,
			`mutation { activateAccount(account: {userName: "ada"}) { id } }`,
			`mutation { deactivateAccount(account: {userName: "ada"}) { id } }`,
			`{ introspectTicket(accessToken: "` + token + `") { active } }`,
		} {
			refusals := []models.Reason{
				models.ReasonBehaviorMissing,
				models.ReasonApplicationInvalid,
				models.ReasonApplicationMissing,
			}
			if got := o.post(query, nil, headers...); !slices.Contains(refusals, got.Reason()) {
				o.t.Errorf("%s: %s: %s", name, query, got.Text)
			}
		}
	}
}
