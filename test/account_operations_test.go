package test_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
)

// managed sends requests as an application that manages accounts, and returns the answer's only
// field.
type managed struct {
	*office

	headers []string
}

func manage(o *office) managed {
	secret := o.application(
		"backend", true, applications.Change{OwnBehaviors: []string{access.ManageAccounts().Behavior()}},
	)
	return managed{o, as("backend", secret)}
}

func (m managed) ask(query string, values variables) answer {
	m.t.Helper()
	return m.post(query, values, m.headers...)
}

func (m managed) account(got answer, field string) (account map[string]any) {
	m.t.Helper()
	expect(m.t, got, "")
	must(m.t, json.Unmarshal(got.Data[field], &account))
	return account
}

const (
	createQuery = `mutation ($input: CustomerAccountInput!) { createAccount(input: $input) { id userId userName ` +
		`emailAddress firstName isActive isLocked customerSinceDate attributes { fullyQualifiedName ` +
		`attributeDefinitionId values } } }`
	updateQuery = `mutation ($account: AccountKeyInput!, $input: CustomerAccountInput!) { updateAccount(account: ` +
		`$account, input: $input) { userName emailAddress firstName lastName taxExempt attributes { ` +
		`fullyQualifiedName } } }`
	findQuery = `query ($by: AccountKeyInput!) { account(by: $by) { id userId userName isActive isLocked } }`
)

func TestAccountOperations(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		m := manage(o)
		created := m.creates()
		input := variables{"username": "ada", "password": rightPassword}
		ticket := m.ask(signInQuery, variables{"input": input}).ticket(t, "createUserTicket")
		m.findsByEachKey(created)
		m.updates(created)
		o.tryAsBackend(m, ticket.RefreshToken, "")

		one := variables{"account": variables{"userName": "countess"}}
		m.locksAndDeactivates(one)
		o.tryAsBackend(m, ticket.RefreshToken, models.ReasonAccountInactive) // its session has ended
		m.setsThePassword(one)
		m.listsAndEndsSessions(one)
		if strings.Contains(o.log.String(), rightPassword) || strings.Contains(o.log.String(), "another one") {
			t.Error("a password is in the log")
		}
	})
}

// creates makes the account of Ada, and returns it.
func (m managed) creates() map[string]any {
	m.t.Helper()
	got := m.ask(createQuery, variables{"input": variables{
		"userName": "Ada", "emailAddress": "ada@example.com", "password": rightPassword, "firstName": "Ada",
		"externalId": "x1", "customerSinceDate": "2020-01-02T03:04:05Z",
		"attributes": []any{
			variables{
				"fullyQualifiedName":    "tenant~n",
				"attributeDefinitionId": 7,
				"values": []any{
					json.RawMessage(`12345678901234567890.10`),
					variables{"k": nil},
					"é",
				},
			},
		},
	}})
	if !strings.Contains(
		got.Text,
		`{"fullyQualifiedName":"tenant~n","attributeDefinitionId":7,"values":[12345678901234567890.10,`+
			`{"k":null},"é"]}`,
	) {
		m.t.Error("not as it was written:", got.Text)
	}

	created := m.account(got, "createAccount")
	if created["userName"] != "Ada" || created["customerSinceDate"] != "2020-01-02T03:04:05.000Z" ||
		created["isActive"] != true {
		m.t.Error(got.Text)
	}

	return created
}

func (m managed) findsByEachKey(created map[string]any) {
	m.t.Helper()
	for name, key := range map[string]variables{
		"id": {"id": created["id"]}, "userId": {"userId": created["userId"]},
		"userName": {"userName": "ADA"}, "emailAddress": {"emailAddress": "Ada@Example.com"},
		"externalId": {"externalId": "x1"},
	} {
		found := m.account(m.ask(findQuery, variables{"by": key}), "account")
		if found["userId"] != created["userId"] {
			m.t.Errorf("%s: %v", name, found)
		}
	}
}

// updates changes the user name to Countess, among others.
func (m managed) updates(created map[string]any) {
	m.t.Helper()
	changed := m.account(
		m.ask(updateQuery, variables{
			"account": variables{"id": created["id"]},
			"input":   variables{"userName": "Countess", "firstName": nil, "taxExempt": true},
		}),
		"updateAccount",
	)
	if changed["userName"] != "Countess" || changed["firstName"] != nil || changed["taxExempt"] != true ||
		changed["emailAddress"] != "ada@example.com" ||
		len(changed["attributes"].([]any)) != 1 {
		m.t.Errorf("%v", changed)
	}
}

func (m managed) locksAndDeactivates(one variables) {
	m.t.Helper()
	do := func(field, selection string) map[string]any {
		return m.account(
			m.ask(`mutation ($account: AccountKeyInput!) { `+field+`(account: $account) { `+selection+` } }`, one),
			field,
		)
	}
	if locked := do("lockAccount", "isLocked"); locked["isLocked"] != true {
		m.t.Errorf("%v", locked)
	}

	if unlocked := do("unlockAccount", "isLocked"); unlocked["isLocked"] != false {
		m.t.Errorf("%v", unlocked)
	}
	if inactive := do("deactivateAccount", "isActive"); inactive["isActive"] != false {
		m.t.Errorf("%v", inactive)
	}
	if active := do("activateAccount", "isActive"); active["isActive"] != true {
		m.t.Errorf("%v", active)
	}
}

func (m managed) setsThePassword(one variables) {
	m.t.Helper()
	expect(
		m.t,
		m.ask(
			`mutation ($account: AccountKeyInput!) { setAccountPassword(account: $account, password: "another `+
				`one") { id } }`,
			one,
		),
		"",
	)

	expect(
		m.t,
		m.ask(signInQuery, variables{"input": variables{"username": "ada@example.com", "password": rightPassword}}),
		models.ReasonInvalidCredentials,
	)
	expect(
		m.t,
		m.ask(signInQuery, variables{"input": variables{"username": "ada@example.com", "password": "another one"}}),
		"",
	)
}

func (m managed) listsAndEndsSessions(one variables) {
	m.t.Helper()
	var sessions struct{ AccountSessions []session }
	listed := m.ask(
		`query ($account: AccountKeyInput!) { accountSessions(account: $account) { id application } }`, one,
	)
	must(m.t, json.Unmarshal([]byte(strings.TrimSuffix(strings.TrimPrefix(listed.Text, `{"data":`), `}`)), &sessions))
	if len(sessions.AccountSessions) != 1 || sessions.AccountSessions[0].Application != "backend" {
		m.t.Fatal(listed.Text)
	}

	ended := m.ask(
		`mutation ($id: ID!) { endSession(id: $id) { sessionsEnded } }`,
		variables{"id": sessions.AccountSessions[0].ID},
	)
	if string(ended.Data["endSession"]) != `{"sessionsEnded":1}` {
		m.t.Error(ended.Text)
	}
}

// tryAsBackend refreshes a ticket of the application that manages accounts.
func (o *office) tryAsBackend(m managed, refreshToken string, reason models.Reason) {
	o.t.Helper()
	expect(o.t, m.ask(refreshQuery, variables{"token": refreshToken}), reason)
}
