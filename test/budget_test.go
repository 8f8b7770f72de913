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

	onEachCounted(t, testBudgets)
}

// onEachCounted runs a test on each kind of database. statements returns the number of statements
// so far.
func onEachCounted(t *testing.T, test func(t *testing.T, o *office, statements func() int)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		url := storagetest.SQLite(t)
		var counted atomic.Int64
		countRuns(url, &counted)
		test(t, open(t, url), func() int { return int(counted.Load()) })
	})
	if url, ok := storagetest.MySQL(t); ok {
		t.Run("mysql", func(t *testing.T) {
			t.Parallel()
			o := open(t, url)
			test(t, o, func() int { return int(o.statements.Load()) })
		})
	}
}

func testBudgets(t *testing.T, o *office, statements func() int) {
	t.Helper()
	o.customer("ada")
	o.customer("imported", func(a *models.CustomerAccount) {
		a.PasswordHash, a.HasExternalPassword = bcryptOfRightPassword(t), true
	})

	b := &budgets{office: o, statements: statements}
	b.issue()
	b.signInWithMore()
	b.refreshAndRevoke()
	b.askAsShopper()
	b.askAsBackend()
}

// budgets checks how many statements operations need.
type budgets struct {
	*office

	// statements returns the number of statements so far.
	statements func() int
	// guestTicket and customerTicket are the newest tickets.
	guestTicket, customerTicket ticket
}

// costs fails if an operation needs more than the allowed number of statements.
func (b *budgets) costs(name string, most int, operation func()) {
	b.t.Helper()
	before := b.statements()
	operation()
	if got := b.statements() - before; got > most {
		b.t.Errorf("%s: %d statements, at most %d allowed", name, got, most)
	}
}

func (b *budgets) issue() {
	b.t.Helper()
	b.costs("anonymousShopperTicket", 0, func() { b.guestTicket = b.anonymous() })
	b.costs("anonymousShopperTicket with account", 0, func() {
		b.post(`mutation { anonymousShopperTicket { `+wholeAccount+` } }`, nil).ticket(b.t, "anonymousShopperTicket")
	})
	before := b.statements()
	b.costs("createUserTicket", 2, func() { b.customerTicket = b.signIn("ada") })
	if b.statements() != before+2 {
		b.t.Fatal("the statements are not counted")
	}
}

func (b *budgets) signInWithMore() {
	b.t.Helper()
	signInWith := func(selection, input string) func() {
		return func() {
			got := b.post(
				`mutation { createUserTicket(input: {username: "ada", password: "`+rightPassword+`" `+input+`}) { `+
					`accessToken `+selection+` } }`,
				nil,
			)
			expect(b.t, got, "")
		}
	}

	b.costs("createUserTicket with account", 2, signInWith(`customerAccount { firstName isLocked }`, ""))
	b.costs("createUserTicket with attributes", 3, signInWith(wholeAccount, ""))
	claim := func(of ticket) func() { return signInWith("", `previousRefreshToken: "`+of.RefreshToken+`"`) }
	b.costs("createUserTicket with a claim", 4, claim(b.anonymous()))
	b.costs("createUserTicket with a claim of a refreshed session", 4, claim(b.refresh(b.anonymous().RefreshToken)))
	device := b.signIn("ada").RefreshToken
	b.costs("createUserTicket from a known device", 3, signInWith("", `deviceToken: "`+device+`"`))
	b.costs("createUserTicket, outdated hash", 3, func() { b.signIn("imported") })
	b.costs("createUserTicket, wrong password", 3, func() { b.trySignIn("ada", "wrong", "", "198.51.100.1") })
	b.costs("createUserTicket with a count to reset", 5, func() { b.signIn("ada") })
	b.costs("createUserTicket, unknown name", 3, func() { b.trySignIn("nobody", "wrong", "", "198.51.100.1") })
	b.costs("createUserTicket, refused before looking", 0, func() { b.trySignIn("", "wrong", "", "198.51.100.1") })
}

func (b *budgets) refreshAndRevoke() {
	b.t.Helper()
	anonymous, customer := b.guestTicket, b.customerTicket
	var next ticket
	b.costs("refreshTicket, anonymous first", 1, func() { next = b.refresh(anonymous.RefreshToken) })
	b.costs("refreshTicket, anonymous later", 1, func() { next = b.refresh(next.RefreshToken) })
	b.costs("refreshTicket, customer", 2, func() { customer = b.refresh(customer.RefreshToken) })
	b.costs("refreshTicket, customer with account", 3, func() {
		customer = b.post(`mutation { refreshTicket(refreshToken: "`+customer.RefreshToken+`") `+
			`{ `+fields+` `+wholeAccount+` } }`, nil).
			ticket(b.t, "refreshTicket")
	})
	used := customer.RefreshToken
	customer = b.refresh(used)
	b.costs("refreshTicket, customer again within the window", 3, func() { b.refresh(used) })
	usedAnonymous := next.RefreshToken
	next = b.refresh(usedAnonymous)
	b.costs("refreshTicket, anonymous again within the window", 2, func() { b.refresh(usedAnonymous) })
	next = b.repeat(next.RefreshToken, "0123456789abcdef")
	b.costs("refreshTicket, first with an attempt", 1, func() {
		next = b.repeat(next.RefreshToken, "0123456789abcdef")
	})
	used = next.RefreshToken
	next = b.repeat(used, "0123456789abcdef")
	b.clock.Pass(time.Minute)
	b.costs("refreshTicket, again with the attempt", 2, func() { b.repeat(used, "0123456789abcdef") })
	b.costs("refreshTicket, nonsense", 0, func() { b.tryRefresh("nonsense") })
	b.costs("revokeTicket, never written", 1, func() { b.revoke(b.anonymous().RefreshToken, false) })
	b.costs("revokeTicket", 1, func() { b.revoke(next.RefreshToken, false) })
	b.customerTicket = customer
}

func (b *budgets) askAsShopper() {
	b.t.Helper()
	bearer := []string{"Authorization", "Bearer " + b.customerTicket.AccessToken}
	b.costs("currentShopper", 0, func() { expect(b.t, b.currentShopper("userId behaviors", bearer...), "") })
	b.costs(
		"currentShopper with customerAccount",
		1,
		func() { expect(b.t, b.currentShopper("customerAccount { id firstName }", bearer...), "") },
	)
	b.costs("currentShopper with attributes", 2, func() { expect(b.t, b.currentShopper(wholeAccount, bearer...), "") })
	b.costs(
		"currentShopper with sessions",
		1,
		func() { expect(b.t, b.currentShopper("sessions { id userAgent }", bearer...), "") },
	)
	var several answer
	b.costs("currentShopper by aliases and fragments", 3, func() {
		several = b.post(`{ a: currentShopper { ...A customerAccount { firstName } }
			b: currentShopper { userId sessions { id } } c: currentShopper {
				x: customerAccount { lastName attributes { fullyQualifiedName } } y: customerAccount { lastName } }
			d: currentShopper { ...A } }
			fragment A on Shopper { sessions { isCurrent } customerAccount { id userName } }`, nil, bearer...)
		expect(b.t, several, "")
	})

	one := b.post(`{ currentShopper { x: customerAccount { lastName attributes { fullyQualifiedName } }
		y: customerAccount { lastName } } }`, nil, bearer...)
	isSame := string(several.Data["c"]) == string(one.Data["currentShopper"])
	if !isSame || !strings.Contains(string(several.Data["a"]), `"firstName":"Ada"`) {
		b.t.Errorf("%s\n%s", several.Text, one.Text)
	}

	b.costs("revokeTicket everywhere", 2, func() { b.revoke(b.customerTicket.RefreshToken, true) })
	b.costs("jwtAccessToken", 0, func() {
		expect(b.t, b.post(`mutation { anonymousShopperTicket { jwtAccessToken } }`, nil), "")
	})
}

func (b *budgets) askAsBackend() {
	b.t.Helper()
	backend := b.backend()
	asks := func(query string) func() { return func() { expect(b.t, b.post(query, nil, backend...), "") } }
	token := b.customerTicket.AccessToken
	b.costs("introspectTicket", 0, asks(`{ introspectTicket(accessToken: "`+token+`") { active } }`))
	b.costs("account", 1, asks(`{ account(by: {userName: "ada"}) { id firstName } }`))
	b.costs("account with attributes", 2, asks(`{ account(by: {userName: "ada"}) { id attributes { values } } }`))
	b.costs("account by aliases", 4, asks(`{ a: account(by: {userName: "ada"}) { id }
		b: account(by: {userName: "ada"}) { firstName attributes { values } }
		c: account(by: {userName: "ada"}) { attributes { values } }
		d: account(by: {userName: "imported"}) { id } e: account(by: {userName: "imported"}) { id } }`))
	b.costs("accountSessions by aliases", 2, asks(`{ a: accountSessions(account: {userName: "ada"}) { id }
		b: accountSessions(account: {userName: "ada"}) { userAgent } }`))
	b.costs("accountSessions", 2, asks(`{ accountSessions(account: {emailAddress: "ada@example.com"}) { id } }`))
	b.costs("lockAccount", 3, asks(`mutation { lockAccount(account: {userName: "ada"}) { isLocked } }`))
	b.costs("unlockAccount", 5, asks(`mutation { unlockAccount(account: {userName: "ada"}) { isLocked } }`))
	b.costs("deactivateAccount", 4, asks(`mutation { deactivateAccount(account: {userName: "ada"}) { isActive } }`))
	ending := `mutation { endSession(id: "` + b.signIn("imported").SessionID + `") { sessionsEnded } }`
	b.costs("endSession", 1, asks(ending))
	b.costs("endSession, ended already", 2, asks(ending))
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
