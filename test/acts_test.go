package test_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
)

// act is a record of an act in the log.
type act struct {
	Msg, Level                            string
	Act, By, User, Session, Application   string
	Source, Outcome                       string
	SessionsEnded, Created, Refused, Read int
}

// acts returns the acts that were recorded since the log was last cleared, and clears it.
func (o *office) acts() []act {
	o.t.Helper()
	text := o.log.String()
	o.log.clear()
	var acts []act

	for line := range strings.Lines(text) {
		var recorded act
		must(o.t, json.Unmarshal([]byte(line), &recorded))
		if recorded.Act != "" {
			acts = append(acts, recorded)
		}

		for _, value := range []string{rightPassword, "another one", "@example.com", `"ada"`, "grace"} {
			if recorded.Act != "" && strings.Contains(line, value) {
				o.t.Errorf("a value is in the record: %s", line)
			}
		}
	}

	return acts
}

// confidential returns a caller of a new confidential application.
func (o *office) confidential(id string, own ...string) *access.Caller {
	o.t.Helper()
	shown := o.application(id, true, applications.Change{OwnBehaviors: own})
	return &access.Caller{Application: id, Secret: secret.New(shown)}
}

// record returns a record that gives one field.
func record(t testing.TB, field, value string) *accounts.Record {
	t.Helper()
	var record accounts.Record
	must(t, record.Set(field, value))
	return &record
}

// Acts that make or end something are about another thing each time.
func TestActsOfCreation(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		manager := o.confidential("backend", access.ManageAccounts().Behavior())
		unable := o.confidential("weak")
		for by, caller := range map[string]*access.Caller{"backend": manager, "operator": access.Operator()} {
			o.acts()
			created, err := o.Accounts.Create(t.Context(), caller, record(t, "userName", "grace"))
			must(t, err)
			o.wantActs(
				by+" creates",
				act{Act: "account.create", By: by, User: created.UserID.String(), Outcome: "done"},
			)

			if errOf(o.Accounts.Create(t.Context(), caller, record(t, "userName", "grace"))) == nil {
				t.Error("created twice")
			}

			o.wantActs(by+" creates twice", act{Act: "account.create", By: by, Outcome: "ACCOUNT_INVALID"})

			key := accounts.Key{ID: created.ID}
			if err := errOf(o.Accounts.Delete(t.Context(), unable, key)); !errors.Is(
				err, &models.Error{Reason: models.ReasonBehaviorMissing},
			) {
				t.Error(err)
			}

			o.wantActs("weak deletes", act{Act: "account.delete", By: "weak", Outcome: "BEHAVIOR_MISSING"})
			must(t, errOf(o.Accounts.Delete(t.Context(), caller, key)))
			o.wantActs(
				by+" deletes",
				act{Act: "account.delete", By: by, User: created.UserID.String(), Outcome: "done"},
			)
			if err := errOf(o.Accounts.Lock(t.Context(), caller, key, nil)); !errors.Is(err, accounts.ErrNotFound) {
				t.Error(err)
			}

			o.wantActs(by+" locks nobody", act{Act: "account.lock", By: by, Outcome: "ACCOUNT_NOT_FOUND"})
		}
	})
}

// wantActs compares what was recorded since the last time, without levels and messages.
func (o *office) wantActs(step string, want ...act) {
	o.t.Helper()
	got := o.acts()
	for i := range got {
		got[i].Msg, got[i].Level = "", ""
	}

	if !slices.Equal(got, want) {
		o.t.Errorf("%s:\ngot  %+v\nwant %+v", step, got, want)
	}
}

// What shoppers do is recorded where it has consequences for somebody else. A user id is recorded
// only once the password or the token has proved right.
func TestActsOfShoppers(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		ada := o.customer("ada")
		manager := o.confidential("backend", access.ManageAccounts().Behavior())
		user, source := ada.UserID.String(), "198.51.100.1"
		storefront := func(recorded act) act { recorded.By = "storefront"; return recorded }
		o.acts()

		anonymous := o.anonymousAt("storefront")
		o.wantActs("an anonymous ticket")
		expect(t, o.signInAt("wrong", source), models.ReasonInvalidCredentials)
		o.wantActs(
			"a wrong password",
			storefront(act{Act: "session.sign-in", Source: source, Outcome: "INVALID_CREDENTIALS"}),
		)

		got := o.signInAt(rightPassword, source).ticket(t, "createUserTicket")
		o.wantActs(
			"a right password",
			storefront(
				act{Act: "session.sign-in", User: user, Session: got.SessionID, Source: source, Outcome: "done"},
			),
		)

		other := o.signInAt(rightPassword, source).ticket(t, "createUserTicket")
		must(t, errOf(o.Accounts.Lock(t.Context(), access.Operator(), accounts.Key{ID: ada.ID}, nil)))
		o.acts()
		expect(t, o.signInAt(rightPassword, source), models.ReasonAccountLocked)
		o.wantActs("a right password of a locked account",
			storefront(act{Act: "session.sign-in", User: user, Source: source, Outcome: "ACCOUNT_LOCKED"}))

		shop := as("storefront", "")
		expect(t, o.post(refreshQuery, variables{"token": anonymous.RefreshToken}, shop...), "")
		expect(t, o.post(`{ currentShopper { userId } }`, nil, append(shop, bearer(got.AccessToken)...)...), "")
		revoke := `mutation ($token: String!) { revokeTicket(refreshToken: $token) { sessionsEnded } }`
		expect(t, o.post(revoke, variables{"token": anonymous.RefreshToken}, shop...), "")
		expect(t, o.post(revoke, variables{"token": "no token"}, shop...), "")
		o.wantActs("what nobody else notices")

		end := `mutation ($id: ID!) { endSession(id: $id) { sessionsEnded } }`
		expect(t, o.post(end, variables{"id": other.SessionID}, append(shop, bearer(got.AccessToken)...)...), "")
		o.wantActs(
			"a session from another",
			storefront(act{Act: "session.end", User: user, Session: other.SessionID, Outcome: "done"}),
		)
		expect(t, o.post(end, variables{"id": other.SessionID}, append(shop, bearer(got.AccessToken)...)...), "")
		o.wantActs("a session that has ended")
		expect(t, o.post(end, variables{"id": got.SessionID}, shop...), models.ReasonTokenMissing)
		o.wantActs("a session of somebody else", storefront(act{Act: "session.end", Outcome: "TOKEN_MISSING"}))
		expect(t, o.post(revoke, variables{"token": got.RefreshToken}, shop...), "")
		o.wantActs(
			"a sign-out",
			storefront(
				act{Act: "session.sign-out", User: user, Session: got.SessionID, Outcome: "done", SessionsEnded: 1},
			),
		)

		must(t, errOf(o.Accounts.Unlock(t.Context(), access.Operator(), accounts.Key{ID: ada.ID}, nil)))
		for by, caller := range map[string]*access.Caller{"backend": manager, "operator": access.Operator()} {
			got := o.signInAt(rightPassword, source).ticket(t, "createUserTicket")
			id, err := models.ParseID(got.SessionID)
			must(t, err)
			o.acts()
			must(t, errOf(o.EndSession(t.Context(), caller, id)))
			o.wantActs("a session, by "+by, act{Act: "session.end", By: by, Session: got.SessionID, Outcome: "done"})
			must(t, errOf(o.EndSession(t.Context(), caller, id)))
			o.wantActs("a session that has ended, by " + by)
		}
	})
}

// signInAt signs ada in as a shopper of the storefront.
func (o *office) signInAt(plain, source string) answer {
	o.t.Helper()
	values := variables{"input": variables{"username": "ada", "password": plain}}
	return o.post(signInQuery, values, append(as("storefront", ""), "X-Forwarded-For", source)...)
}

// anonymousAt returns a ticket of an application.
func (o *office) anonymousAt(application string) ticket {
	o.t.Helper()
	return o.post(issueQuery, nil, as(application, "")...).ticket(o.t, "anonymousShopperTicket")
}
