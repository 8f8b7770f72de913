package test_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
)

type session struct{ ID, Application, StartedAt, RefreshedAt, ExpiresAt, UserAgent string }

// sessionsOf lists a customer's sessions. First it allows the application "backend" to do that.
func (o *office) sessionsOf(name, secret string) []session {
	o.t.Helper()
	_, err := o.applications.Update(
		o.t.Context(),
		access.Operator(),
		"backend",
		applications.Change{OwnBehaviors: []string{access.ManageAccounts().Behavior()}},
	)

	must(o.t, err)
	o.follow()
	got := o.post(
		`query ($name: String!) { accountSessions(account: {userName: $name}) { id application startedAt `+
			`refreshedAt expiresAt userAgent } }`,
		variables{"name": name},
		as("backend", secret)...)
	expect(o.t, got, "")
	var sessions []session
	must(o.t, json.Unmarshal(got.Data["accountSessions"], &sessions))

	return sessions
}

func TestOwnSessions(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		o.customer("eve")
		phone := o.post(signInQuery, variables{"input": variables{"username": "ada", "password": rightPassword}},
			"User-Agent", "Phone").
			ticket(t, "createUserTicket")
		o.clock.Pass(time.Minute)
		laptop := o.post(signInQuery, variables{"input": variables{
			"username": "ada",
			"password": rightPassword,
		}}, "User-Agent", "Laptop").
			ticket(t, "createUserTicket")
		eve := o.signIn("eve")
		list := func(token string) (sessions []session) {
			got := o.currentShopper(
				"sessions { id application startedAt refreshedAt expiresAt userAgent }",
				bearer(token)...)
			expect(t, got, "")
			var shopper struct{ Sessions []session }
			must(t, json.Unmarshal(got.Data["currentShopper"], &shopper))

			return shopper.Sessions
		}

		sessions := list(laptop.AccessToken)
		if len(sessions) != 2 || sessions[0].UserAgent != "Laptop" || sessions[1].UserAgent != "Phone" ||
			sessions[1].StartedAt >= sessions[0].StartedAt {
			t.Fatalf("%+v", sessions)
		}

		end := func(id, token string) answer {
			return o.post(
				`mutation ($id: ID!) { endSession(id: $id) { sessionsEnded } }`,
				variables{"id": id},
				bearer(token)...)
		}
		if got := end(sessions[1].ID, eve.AccessToken); string(got.Data["endSession"]) != `{"sessionsEnded":0}` {
			t.Error("ended another customer's session:", got.Text)
		}
		if got := end(sessions[1].ID, laptop.AccessToken); string(got.Data["endSession"]) != `{"sessionsEnded":1}` {
			t.Error(got.Text)
		}

		expect(t, o.tryRefresh(phone.RefreshToken), models.ReasonSessionEnded)
		if sessions := list(laptop.AccessToken); len(sessions) != 1 {
			t.Errorf("%+v", sessions)
		}
		if sessions := list(o.anonymous().AccessToken); len(sessions) != 0 {
			t.Errorf("%+v", sessions)
		}

		expect(
			t,
			o.post(`mutation { endSession(id: "`+sessions[0].ID+`") { sessionsEnded } }`, nil),
			models.ReasonTokenMissing,
		)
	})
}
