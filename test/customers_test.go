package test_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
)

const otherPassword = "another customer's password"

// namesOfOne are names that all belong to the one customer of importOne.
func namesOfOne() []string {
	return []string{"José", "jose\u0301", "JOSE\u0301", "ｊｏｓé", "Maria@example.COM"}
}

// importOne imports four customers who share names. Only the first is created. importOne returns
// its user id.
func (m managed) importOne() string {
	m.t.Helper()
	const rows = `{"externalId":"1","userName":"JOSÉ","password":"` + rightPassword + `",` +
		`"emailAddress":"maria@example.com"}
{"externalId":"2","userName":"jose\u0301","password":"` + otherPassword + `"}
{"externalId":"3","userName":"Maria@Example.com","password":"` + otherPassword + `"}
{"userName":"ｊｏｓé","password":"` + otherPassword + `"}
`

	var refused []string
	counts, err := m.Accounts.Import(m.t.Context(), access.Operator(), strings.NewReader(rows), accounts.ImportOptions{
		Refused:  func(_ int, reason error) { refused = append(refused, reason.Error()) },
		Progress: func(accounts.Counts) {},
	})
	must(m.t, err)
	const reason = "userName is a name of the account in line 1, and the rows do not share an externalId"
	if counts.Created != 1 || !slices.Equal(refused, []string{reason, reason, reason}) {
		m.t.Fatalf("%+v, %s", counts, refused)
	}

	found := m.account(m.ask(findQuery, variables{"by": variables{"externalId": "1"}}), "account")
	userID, _ := found["userId"].(string)
	return userID
}

func TestOneCustomerSignsInByAName(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		userID := manage(o).importOne()
		for _, name := range namesOfOne() {
			expect(t, o.trySignIn(name, otherPassword, "", "198.51.100.1"), models.ReasonInvalidCredentials)
			if ticket := o.signIn(name); ticket.UserID != userID {
				t.Errorf("%s signs in as %s", name, ticket.UserID)
			}
		}
	})
}

// An account that is created or changed cannot get the name or id of another.
func TestNobodyGetsAnothersName(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		m := manage(o)
		m.importOne()
		expect(t, m.ask(createQuery, variables{"input": variables{"userName": "other"}}), "")
		inputs := []variables{{"externalId": "1"}, {"emailAddress": "MARIA@example.com"}}

		for _, name := range namesOfOne() {
			inputs = append(inputs, variables{"userName": name}, variables{"userName": name, "externalId": "5"})
		}

		for _, input := range inputs {
			for _, got := range []answer{
				m.ask(updateQuery, variables{"account": variables{"userName": "other"}, "input": input}),
				m.ask(createQuery, variables{"input": with(input, "userName", "new")}),
			} {
				if got.Reason() != models.ReasonAccountInvalid || strings.Contains(got.Text, "--adopt") {
					t.Errorf("%v: %s", input, got.Text)
				}
			}
		}

		other := m.account(m.ask(findQuery, variables{"by": variables{"userName": "other"}}), "account")
		if other == nil {
			t.Error("the other account has changed its name")
		}

		o.signIn("josé")
	})
}

// with returns the variables with one more, unless it is already there.
func with(values variables, name, value string) variables {
	all := variables{name: value}
	maps.Copy(all, values)
	return all
}

// A key finds only the account that has it, and no similar one.
func TestKeysNameOneCustomer(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		m := manage(o)
		userID := m.importOne()
		for _, key := range []variables{
			{"userName": "JOSE\u0301"},
			{"userName": "ｊｏｓé"},
			{"emailAddress": "Maria@Example.com"},
			{"externalId": "1"},
			{"userId": userID},
		} {
			if found := m.account(m.ask(findQuery, variables{"by": key}), "account"); found["userId"] != userID {
				t.Errorf("%v: %v", key, found)
			}
		}

		const setPassword = `mutation ($account: AccountKeyInput!, $password: String!) {
			setAccountPassword(account: $account, password: $password) { id }
		}`

		for _, key := range []variables{
			{"userName": "maria@example.com"},
			{"userName": "jose"},
			{"userName": "josé "},
			{"emailAddress": "josé"},
			{"externalId": "1 "},
			{"externalId": " 1"},
			{"externalId": "1\u0000"},
			{"externalId": "01"},
			{"externalId": ""},
		} {
			for _, got := range []answer{
				m.ask(findQuery, variables{"by": key}),
				m.ask(updateQuery, variables{"account": key, "input": variables{"firstName": "changed"}}),
				m.ask(setPassword, variables{"account": key, "password": otherPassword}),
			} {
				if got.Reason() != models.ReasonAccountNotFound {
					t.Errorf("%v: %s", key, got.Text)
				}
			}
		}

		o.signIn("josé")
	})
}
