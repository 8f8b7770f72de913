package test_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/storage/storagetest"
)

// The number of statements of each operation is part of its contract.
func TestStatementBudgets(t *testing.T) {
	t.Parallel()

	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		url := storagetest.SQLite(t)
		var counted atomic.Int64
		countRuns(url, &counted)
		testBudgets(t, open(t, url), func() int { return int(counted.Load()) })
	})
	if url, ok := storagetest.MySQL(t); ok {
		t.Run("mysql", func(t *testing.T) {
			t.Parallel()
			o := open(t, url)
			testBudgets(t, o, func() int { return int(o.statements.Load()) })
		})
	}
}

func testBudgets(t *testing.T, o *office, statements func() int) {
	t.Helper()
	o.customer("ada")
	o.customer("imported", func(a *models.CustomerAccount) {
		a.PasswordHash, a.HasExternalPassword = bcryptOfRightPassword(t), true
	})
	costs := func(name string, most int, operation func()) {
		t.Helper()
		before := statements()
		operation()
		if got := statements() - before; got > most {
			t.Errorf("%s: %d statements, at most %d allowed", name, got, most)
		}
	}

	var anonymous, customer ticket
	costs("anonymousShopperTicket", 0, func() { anonymous = o.anonymous() })
	costs("anonymousShopperTicket with account", 0, func() {
		o.post(`mutation { anonymousShopperTicket { `+wholeAccount+` } }`, nil).ticket(t, "anonymousShopperTicket")
	})
	before := statements()
	costs("createUserTicket", 2, func() { customer = o.signIn("ada") })
	if statements() != before+2 {
		t.Fatal("the statements are not counted")
	}

	signInWith := func(selection, input string) func() {
		return func() {
			got := o.post(
				`mutation { createUserTicket(input: {username: "ada", password: "`+rightPassword+`" `+input+`}) { `+
					`accessToken `+selection+` } }`,
				nil,
			)
			expect(t, got, "")
		}
	}

	costs("createUserTicket with account", 2, signInWith(`customerAccount { firstName isLocked }`, ""))
	costs("createUserTicket with attributes", 3, signInWith(wholeAccount, ""))
	costs("createUserTicket with a claim", 4, signInWith("", `previousRefreshToken: "`+o.anonymous().RefreshToken+`"`))
	refreshed := o.refresh(o.anonymous().RefreshToken)
	costs(
		"createUserTicket with a claim of a refreshed session",
		4,
		signInWith("", `previousRefreshToken: "`+refreshed.RefreshToken+`"`),
	)
	costs("createUserTicket from a known device", 3, signInWith("", `deviceToken: "`+o.signIn("ada").RefreshToken+`"`))
	costs("createUserTicket, outdated hash", 3, func() { o.signIn("imported") })
	costs("createUserTicket, wrong password", 3, func() { o.trySignIn("ada", "wrong", "", "198.51.100.1") })
	costs("createUserTicket with a count to reset", 5, func() { o.signIn("ada") })
	costs("createUserTicket, unknown name", 3, func() { o.trySignIn("nobody", "wrong", "", "198.51.100.1") })
	costs("createUserTicket, refused before looking", 0, func() { o.trySignIn("", "wrong", "", "198.51.100.1") })

	var next ticket
	costs("refreshTicket, anonymous first", 1, func() { next = o.refresh(anonymous.RefreshToken) })
	costs("refreshTicket, anonymous later", 1, func() { next = o.refresh(next.RefreshToken) })
	costs("refreshTicket, customer", 2, func() { customer = o.refresh(customer.RefreshToken) })
	costs("refreshTicket, customer with account", 3, func() {
		customer = o.post(`mutation { refreshTicket(refreshToken: "`+customer.RefreshToken+`") `+
			`{ `+fields+` `+wholeAccount+` } }`, nil).
			ticket(t, "refreshTicket")
	})
	used := customer.RefreshToken
	customer = o.refresh(used)
	costs("refreshTicket, customer again within the window", 3, func() { o.refresh(used) })
	usedAnonymous := next.RefreshToken
	next = o.refresh(usedAnonymous)
	costs("refreshTicket, anonymous again within the window", 2, func() { o.refresh(usedAnonymous) })
	next = o.repeat(next.RefreshToken, "0123456789abcdef")
	costs("refreshTicket, first with an attempt", 1, func() { next = o.repeat(next.RefreshToken, "0123456789abcdef") })
	used = next.RefreshToken
	next = o.repeat(used, "0123456789abcdef")
	o.clock.Pass(time.Minute)
	costs("refreshTicket, again with the attempt", 2, func() { o.repeat(used, "0123456789abcdef") })
	costs("refreshTicket, nonsense", 0, func() { o.tryRefresh("nonsense") })
	costs("revokeTicket, never written", 1, func() { o.revoke(o.anonymous().RefreshToken, false) })
	costs("revokeTicket", 1, func() { o.revoke(next.RefreshToken, false) })

	bearer := []string{"Authorization", "Bearer " + customer.AccessToken}
	costs("currentShopper", 0, func() { expect(t, o.currentShopper("userId behaviors", bearer...), "") })
	costs(
		"currentShopper with customerAccount",
		1,
		func() { expect(t, o.currentShopper("customerAccount { id firstName }", bearer...), "") },
	)
	costs("currentShopper with attributes", 2, func() { expect(t, o.currentShopper(wholeAccount, bearer...), "") })
	costs(
		"currentShopper with sessions",
		1,
		func() { expect(t, o.currentShopper("sessions { id userAgent }", bearer...), "") },
	)
	var several answer
	costs("currentShopper by aliases and fragments", 3, func() {
		several = o.post(`{ a: currentShopper { ...A customerAccount { firstName } }
			b: currentShopper { userId sessions { id } } c: currentShopper {
				x: customerAccount { lastName attributes { fullyQualifiedName } } y: customerAccount { lastName } }
			d: currentShopper { ...A } }
			fragment A on Shopper { sessions { isCurrent } customerAccount { id userName } }`, nil, bearer...)
		expect(t, several, "")
	})

	one := o.post(`{ currentShopper { x: customerAccount { lastName attributes { fullyQualifiedName } }
		y: customerAccount { lastName } } }`, nil, bearer...)
	isSame := string(several.Data["c"]) == string(one.Data["currentShopper"])
	if !isSame || !strings.Contains(string(several.Data["a"]), `"firstName":"Ada"`) {
		t.Errorf("%s\n%s", several.Text, one.Text)
	}

	costs("revokeTicket everywhere", 2, func() { o.revoke(customer.RefreshToken, true) })
	costs("jwtAccessToken", 0, func() {
		expect(t, o.post(`mutation { anonymousShopperTicket { jwtAccessToken } }`, nil), "")
	})

	backend := o.backend()
	asks := func(query string) func() { return func() { expect(t, o.post(query, nil, backend...), "") } }
	costs("introspectTicket", 0, asks(`{ introspectTicket(accessToken: "`+customer.AccessToken+`") { active } }`))
	costs("account", 1, asks(`{ account(by: {userName: "ada"}) { id firstName } }`))
	costs("account with attributes", 2, asks(`{ account(by: {userName: "ada"}) { id attributes { values } } }`))
	costs("account by aliases", 4, asks(`{ a: account(by: {userName: "ada"}) { id }
		b: account(by: {userName: "ada"}) { firstName attributes { values } }
		c: account(by: {userName: "ada"}) { attributes { values } }
		d: account(by: {userName: "imported"}) { id } e: account(by: {userName: "imported"}) { id } }`))
	costs("accountSessions by aliases", 2, asks(`{ a: accountSessions(account: {userName: "ada"}) { id }
		b: accountSessions(account: {userName: "ada"}) { userAgent } }`))
	costs("accountSessions", 2, asks(`{ accountSessions(account: {emailAddress: "ada@example.com"}) { id } }`))
	costs("lockAccount", 3, asks(`mutation { lockAccount(account: {userName: "ada"}) { isLocked } }`))
	costs("unlockAccount", 5, asks(`mutation { unlockAccount(account: {userName: "ada"}) { isLocked } }`))
	costs("deactivateAccount", 4, asks(`mutation { deactivateAccount(account: {userName: "ada"}) { isActive } }`))
	ending := `mutation { endSession(id: "` + o.signIn("imported").SessionID + `") { sessionsEnded } }`
	costs("endSession", 1, asks(ending))
	costs("endSession, ended already", 2, asks(ending))
}

// Only the selected columns are read. Attributes are read only if they are selected.
func TestSelectionDecidesTheWork(t *testing.T) {
	t.Parallel()

	o := open(t, sqlite(t))
	o.customer("ada")
	token := o.signIn("ada").AccessToken
	before := len(o.log.String())
	expect(t, o.currentShopper("customerAccount { firstName }", "Authorization", "Bearer "+token), "")
	logged := o.log.String()[before:]
	if !strings.Contains(logged, "first_name") || strings.Contains(logged, "last_name") ||
		strings.Contains(logged, "customer_attributes") {
		t.Error(logged)
	}
}

// countRuns counts the statements that SQLite runs on new connections to a file. It ignores PRAGMA,
// which only prepares the connection. BEGIN and COMMIT decide nothing, and are not traced, because
// the driver does not prepare them.
func countRuns(url string, statements *atomic.Int64) {
	sqlite3.AutoExtension(func(connection *sqlite3.Conn) error {
		if !strings.HasSuffix(connection.Filename("main").String(), strings.TrimPrefix(url, "sqlite://")) {
			return nil
		}
		return connection.Trace(sqlite3.TRACE_STMT, func(_ sqlite3.TraceEvent, _, text any) error {
			if text, _ := text.(string); !strings.HasPrefix(text, "PRAGMA") {
				statements.Add(1)
			}
			return nil
		})
	})
}
