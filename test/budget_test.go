package test_test

import (
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/ncruces/go-sqlite3"

	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/storage/storagetest"
)

// What each operation costs in statements is part of its contract.
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
			var counted wire
			o := open(t, counted.listen(t, url))
			testBudgets(t, o, func() int { return int(counted.statements.Load()) })
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
			got := o.post(`mutation { createUserTicket(input: {username: "ada", password: "`+rightPassword+`" `+input+`}) { accessToken `+selection+` } }`, nil)
			expect(t, got, "")
		}
	}
	costs("createUserTicket with account", 2, signInWith(`customerAccount { firstName isLocked }`, ""))
	costs("createUserTicket with attributes", 3, signInWith(wholeAccount, ""))
	costs("createUserTicket with a claim", 4, signInWith("", `previousRefreshToken: "`+o.anonymous().RefreshToken+`"`))
	refreshed := o.refresh(o.anonymous().RefreshToken)
	costs("createUserTicket with a claim of a refreshed session", 4, signInWith("", `previousRefreshToken: "`+refreshed.RefreshToken+`"`))
	costs("createUserTicket from a known device", 2, signInWith("", `previousRefreshToken: "`+customer.RefreshToken+`"`))
	costs("createUserTicket, outdated hash", 3, func() { o.signIn("imported") })
	costs("createUserTicket, wrong password", 3, func() { o.trySignIn("ada", "wrong", "", "198.51.100.1") })
	costs("createUserTicket with a count to reset", 3, func() { o.signIn("ada") })
	costs("createUserTicket, unknown name", 1, func() { o.trySignIn("nobody", "wrong", "", "198.51.100.1") })
	costs("createUserTicket, refused before looking", 0, func() { o.trySignIn("", "wrong", "", "198.51.100.1") })

	var next ticket
	costs("refreshTicket, anonymous first", 2, func() { next = o.refresh(anonymous.RefreshToken) })
	costs("refreshTicket, anonymous later", 1, func() { next = o.refresh(next.RefreshToken) })
	costs("refreshTicket, customer", 2, func() { customer = o.refresh(customer.RefreshToken) })
	costs("refreshTicket, customer with account", 3, func() {
		customer = o.post(`mutation { refreshTicket(refreshToken: "`+customer.RefreshToken+`") { `+fields+` `+wholeAccount+` } }`, nil).ticket(t, "refreshTicket")
	})
	used := customer.RefreshToken
	customer = o.refresh(used)
	costs("refreshTicket, customer again within the window", 3, func() { o.refresh(used) })
	usedAnonymous := next.RefreshToken
	next = o.refresh(usedAnonymous)
	costs("refreshTicket, anonymous again within the window", 2, func() { o.refresh(usedAnonymous) })
	costs("refreshTicket, nonsense", 0, func() { o.tryRefresh("nonsense") })
	costs("revokeTicket, never written", 1, func() { o.revoke(o.anonymous().RefreshToken, false) })
	costs("revokeTicket", 1, func() { o.revoke(next.RefreshToken, false) })

	bearer := []string{"Authorization", "Bearer " + customer.AccessToken}
	costs("currentShopper", 0, func() { expect(t, o.currentShopper("userId behaviors", bearer...), "") })
	costs("currentShopper with customerAccount", 1, func() { expect(t, o.currentShopper("customerAccount { id firstName }", bearer...), "") })
	costs("currentShopper with attributes", 2, func() { expect(t, o.currentShopper(wholeAccount, bearer...), "") })
	costs("currentShopper with sessions", 1, func() { expect(t, o.currentShopper("sessions { id userAgent }", bearer...), "") })
	costs("revokeTicket everywhere", 2, func() { o.revoke(customer.RefreshToken, true) })
	costs("jwtAccessToken", 0, func() {
		expect(t, o.post(`mutation { anonymousShopperTicket { jwtAccessToken } }`, nil), "")
	})

	backend := as("backend", o.application("backend", true, applications.Change{OwnBehaviors: []string{applications.ManageAccounts, applications.IntrospectTickets}}))
	asks := func(query string) func() { return func() { expect(t, o.post(query, nil, backend...), "") } }
	costs("introspectTicket", 0, asks(`{ introspectTicket(accessToken: "`+customer.AccessToken+`") { active } }`))
	costs("account", 1, asks(`{ account(by: {userName: "ada"}) { id firstName } }`))
	costs("account with attributes", 2, asks(`{ account(by: {userName: "ada"}) { id attributes { values } } }`))
	costs("accountSessions", 2, asks(`{ accountSessions(account: {emailAddress: "ada@example.com"}) { id } }`))
	costs("lockAccount", 3, asks(`mutation { lockAccount(account: {userName: "ada"}) { isLocked } }`))
	costs("unlockAccount", 4, asks(`mutation { unlockAccount(account: {userName: "ada"}) { isLocked } }`))
	costs("deactivateAccount", 4, asks(`mutation { deactivateAccount(account: {userName: "ada"}) { isActive } }`))
	costs("endSession", 1, asks(`mutation { endSession(id: "00000000000000000000000000000001") { sessionsEnded } }`))
}

// Only the selected columns are read, and no attributes unless they are selected.
func TestSelectionDecidesTheWork(t *testing.T) {
	t.Parallel()
	o := open(t, sqlite(t))
	o.customer("ada")
	token := o.signIn("ada").AccessToken
	before := len(o.log.String())
	expect(t, o.currentShopper("customerAccount { firstName }", "Authorization", "Bearer "+token), "")
	logged := o.log.String()[before:]
	if !strings.Contains(logged, "first_name") || strings.Contains(logged, "last_name") || strings.Contains(logged, "customer_attributes") {
		t.Error(logged)
	}
}

// countRuns counts what SQLite really runs on all connections to a file that are opened from now on. BEGIN and COMMIT, which decide nothing, do not count, nor does
// what has no values: PRAGMA, for the connection.
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

// wire is a proxy in front of a MySQL server that counts what really goes over the connection. BEGIN and COMMIT, which decide nothing, do not count.
type wire struct{ statements atomic.Int64 }

// listen returns the data source of the proxy.
func (w *wire) listen(t *testing.T, dsn string) string {
	t.Helper()
	config, err := mysql.ParseDSN(dsn)
	must(t, err)
	server := config.Addr
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			upstream, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server)
			if err != nil {
				_ = client.Close()
				return
			}
			go func() { _, _ = io.Copy(client, upstream); _ = client.Close() }()
			go func() { w.forward(upstream, client); _ = upstream.Close() }()
		}
	}()
	config.Addr = listener.Addr().String()
	return config.FormatDSN()
}

// forward copies packets and counts those that carry a statement: COM_QUERY, COM_STMT_PREPARE and COM_STMT_EXECUTE.
func (w *wire) forward(to io.Writer, from io.Reader) {
	for {
		var head [4]byte
		if _, err := io.ReadFull(from, head[:]); err != nil {
			return
		}
		size := binary.LittleEndian.Uint32(head[:]) & 0xffffff
		packet := append(head[:], make([]byte, size)...)
		if _, err := io.ReadFull(from, packet[4:]); err != nil {
			return
		}
		if head[3] == 0 && size > 0 { // the first packet of a command
			text := string(packet[5:])
			switch packet[4] {
			case 0x03:
				if text != "START TRANSACTION" && text != "COMMIT" && text != "ROLLBACK" && !strings.HasPrefix(text, "SET ") && text != "SELECT UTC_TIMESTAMP(6)" { // the last two are for the connection
					w.statements.Add(1)
				}
			case 0x16, 0x17:
				w.statements.Add(1)
			}
		}
		if _, err := to.Write(packet); err != nil {
			return
		}
	}
}
