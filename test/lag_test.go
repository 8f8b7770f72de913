package test_test

import (
	"database/sql"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
)

// The next operation finds what was just written, although reads lag.
func TestReadsLag(t *testing.T) {
	t.Parallel()

	o, backend, ok := behindLag(t)
	if !ok {
		return
	}

	ada := o.customer("ada")

	customer := o.signIn("ada")
	anonymous := o.anonymous()
	for _, first := range []ticket{customer, anonymous} {
		next := o.refresh(first.RefreshToken)
		if again := o.refresh(first.RefreshToken); again.raw != next.raw { // the second tab
			t.Errorf("another ticket:\n%s\n%s", next.raw, again.raw)
		}

		o.clock.Pass(time.Minute)
		next = o.refresh(next.RefreshToken)
		expect(t, o.tryRefresh(first.RefreshToken), models.ReasonTokenReused)
		expect(t, o.tryRefresh(next.RefreshToken), models.ReasonTokenReused)
	}

	customer = o.signIn("ada")
	expect(t, o.currentShopper("customerAccount { userName }", bearer(customer.AccessToken)...), "")
	guest := o.refresh(o.anonymous().RefreshToken)
	claiming := o.trySignIn("ada", rightPassword, guest.RefreshToken, "198.51.100.1").ticket(t, "createUserTicket")
	if claiming.Claim != "CLAIMED" {
		t.Errorf("the claim: %s", claiming.Claim)
	}

	must(t, errOf(o.Accounts.Deactivate(t.Context(), access.Operator(), accounts.Key{ID: ada.ID}, nil)))
	must(t, errOf(o.Accounts.Activate(t.Context(), access.Operator(), accounts.Key{ID: ada.ID}, nil)))
	expect(t, o.tryRefresh(customer.RefreshToken), models.ReasonAccountInactive)
	customer = o.signIn("ada")
	o.refresh(customer.RefreshToken)

	input := `{userName: "eve", password: "` + rightPassword + `"}`
	created := o.post(`mutation { createAccount(input: `+input+`) { userId } }`, nil, backend...)
	expect(t, created, "")
	expect(t, o.post(`{ account(by: {userName: "eve"}) { id } }`, nil, backend...), "")
	expect(t, o.trySignIn("eve", rightPassword, "", "198.51.100.1"), "")
	eve := o.signIn("eve")
	if ended := o.revoke(eve.RefreshToken, true); ended != 2 {
		t.Errorf("%d sessions ended", ended)
	}
}

// A name finds its current account, although reads still show the previous one.
func TestNamesLag(t *testing.T) {
	t.Parallel()

	database, ok := laggingMySQL(t)
	if !ok {
		return
	}

	database.isFresh.Store(true)
	o := open(t, database.url)
	backend := o.backend()
	before, after := o.customer("ada"), o.customer("eve")
	database.isFresh.Store(false)
	database.catchUp()
	expect(t, o.post(`{ account(by: {userName: "ada"}) { id } }`, nil, backend...), "") // the first read

	change := func(field, arguments, name string) {
		t.Helper()
		account := `{userName: "` + name + `"}`
		expect(t, o.post(`mutation { `+field+`(account: `+account+arguments+`) { id } }`, nil, backend...), "")
	}
	change("updateAccount", `, input: {userName: "countess", emailAddress: null}`, "ada")
	change("updateAccount", `, input: {userName: "ada"}`, "eve")
	change("updateAccount", `, input: {firstName: "Eve"}`, "ada")
	change("setAccountPassword", `, password: "another one"`, "ada")
	change("lockAccount", ``, "countess")
	found := o.post(`{ account(by: {userName: "ada"}) { firstName } }`, nil, backend...)
	if string(found.Data["account"]) != `{"firstName":"Eve"}` {
		t.Error(found.Text)
	}

	latest := func(id int64) *models.CustomerAccount {
		account, err := o.Accounts.Find(t.Context(), access.Operator(), accounts.Key{ID: &id}, accounts.Whole())
		must(t, err)
		return account
	}
	if account := latest(*before.ID); *account.FirstName != "Ada" || !account.IsLocked {
		t.Errorf("the account that had the name is called %s, locked: %t", *account.FirstName, account.IsLocked)
	}
	if account := latest(*after.ID); *account.FirstName != "Eve" || account.IsLocked {
		t.Errorf("the account that has the name is called %s, locked: %t", *account.FirstName, account.IsLocked)
	}

	expect(t, o.trySignIn("countess", "another one", "", "198.51.100.1"), models.ReasonInvalidCredentials)
}

// A token may be newer than the state that the database shows. While the token is young, the client
// must try again. Later it is invalid: the database was restored to an earlier state.
func TestTokenAheadOfTheDatabase(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		customer := o.signIn("ada")
		once := o.refresh(o.anonymous().RefreshToken)
		twice := o.refresh(o.refresh(o.anonymous().RefreshToken).RefreshToken)
		deleted := o.customer("deleted")
		orphan := o.signIn("deleted")

		o.exec(`DELETE FROM sessions WHERE id = ?`, sessionID(t, customer))
		o.exec(`DELETE FROM sessions WHERE id = ?`, sessionID(t, once))
		o.exec(`UPDATE sessions SET generation = 1 WHERE id = ?`, sessionID(t, twice))
		o.exec(`DELETE FROM customer_accounts WHERE id = ?`, *deleted.ID)

		ask := map[string]func() answer{
			"refresh of a customer":  func() answer { return o.tryRefresh(customer.RefreshToken) },
			"refresh of a guest":     func() answer { return o.tryRefresh(once.RefreshToken) },
			"refresh of a later one": func() answer { return o.tryRefresh(twice.RefreshToken) },
			"refresh, no account":    func() answer { return o.tryRefresh(orphan.RefreshToken) },
			"shopper, no account": func() answer {
				return o.currentShopper("customerAccount { id }", bearer(orphan.AccessToken)...)
			},
			"claim": func() answer {
				return o.trySignIn("ada", rightPassword, once.RefreshToken, "198.51.100.1")
			},
			"revoke":            func() answer { return o.tryRevoke(customer.RefreshToken, false) },
			"revoke everywhere": func() answer { return o.tryRevoke(customer.RefreshToken, true) },
			"end session": func() answer {
				return o.tryEndSession(customer.SessionID, bearer(customer.AccessToken)...)
			},
		}

		for name, got := range atOnce(ask) {
			if got.Reason() != models.ReasonBusy || got.Errors[0].Extensions.RetryAfterSeconds != 1 {
				t.Errorf("%s: %s", name, got.Text)
			}
		}

		// One clock alone does not make a token old.
		o.clock.Step(2 * time.Hour)
		expect(t, o.tryRefresh(customer.RefreshToken), models.ReasonBusy)
		o.clock.Step(-2 * time.Hour)
		o.clock.StepDatabase(2 * time.Hour)
		expect(t, o.tryRefresh(customer.RefreshToken), models.ReasonBusy)
		o.clock.StepDatabase(-2 * time.Hour)

		o.clock.Pass(10*time.Minute + time.Second)
		for name, want := range map[string]models.Reason{
			"refresh of a customer": models.ReasonTokenInvalid, "refresh of a guest": models.ReasonTokenInvalid,
			"refresh of a later one": models.ReasonTokenInvalid, "refresh, no account": models.ReasonAccountDeleted,
			"shopper, no account": models.ReasonAccountDeleted, "claim": "", "revoke": "", "revoke everywhere": "",
			"end session": "",
		} {
			if got := ask[name](); got.Reason() != want {
				t.Errorf("%s, later: %s", name, got.Text)
			}
		}
	})
}

// atOnce sends everything at once, because each answer takes a second.
func atOnce(asks map[string]func() answer) map[string]answer {
	answers := make(map[string]answer, len(asks))
	var mutex sync.Mutex
	var group sync.WaitGroup

	for name, ask := range asks {
		group.Go(func() {
			got := ask()
			mutex.Lock()
			defer mutex.Unlock()
			answers[name] = got
		})
	}

	group.Wait()
	return answers
}

func sessionID(t *testing.T, of ticket) models.ID {
	t.Helper()
	id, err := models.ParseID(of.SessionID)
	must(t, err)
	return id
}

// exec changes the database without the server's knowledge.
func (o *office) exec(statement string, values ...any) {
	o.t.Helper()
	name, source := "mysql", o.url
	if path, isSQLite := strings.CutPrefix(o.url, "sqlite://"); isSQLite {
		name, source = "sqlite3", "file:"+path+"?_pragma=busy_timeout(5000)"
	}

	db, err := sql.Open(name, source)
	must(o.t, err)
	defer db.Close() //nolint:errcheck // only a test

	result, err := db.ExecContext(o.t.Context(), statement, values...)
	must(o.t, err)
	if rows, err := result.RowsAffected(); err != nil || rows == 0 {
		o.t.Fatalf("%s: %d rows, error %v", statement, rows, err)
	}
}

// backend returns the headers of an application that manages accounts.
func (o *office) backend() []string {
	o.t.Helper()
	own := []string{access.ManageAccounts().Behavior(), access.IntrospectTickets().Behavior()}
	return as("backend", o.application("backend", true, applications.Change{OwnBehaviors: own}))
}

// The server learns which sessions have ended, however far reads lag.
func TestEndedSessionsBehindLag(t *testing.T) {
	t.Parallel()

	database, ok := laggingMySQL(t)
	if !ok {
		return
	}

	o, got := database.signIn(t)
	o.revoke(got.RefreshToken, false)
	for range 5 {
		o.clock.Pass(8 * time.Second)
		o.follow()
	}

	database.catchUp() // the replica has caught up after 40 s
	o.follow()
	o.follow()
	expect(t, o.currentShopper("userId", bearer(got.AccessToken)...), models.ReasonSignedOut)
}

// The server also learns which applications are disabled, however far reads lag.
func TestDisabledApplicationBehindLag(t *testing.T) {
	t.Parallel()

	database, ok := laggingMySQL(t)
	if !ok {
		return
	}

	o, got := database.signIn(t)
	must(t, errOf(o.applications.Disable(t.Context(), access.Operator(), "storefront")))
	o.clock.Pass(5 * time.Minute)
	o.follow()
	if a := o.tryRefresh(got.RefreshToken); a.Reason() == "" {
		t.Errorf("refreshed five minutes after the application was disabled")
	}
}
