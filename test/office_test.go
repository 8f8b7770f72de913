// Package test_test calls the whole server through its front door, GraphQL over HTTP, with a real database below, on every
// database. Only the clock is made.
package test_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/graph"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/password"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage"
	"github.com/authtickets/authtickets/storage/storagetest"
	"github.com/authtickets/authtickets/test/wire"
	"github.com/authtickets/authtickets/tickets"
	"github.com/authtickets/authtickets/web"
)

const rightPassword = "correct horse battery staple"

// begin is when the clock of every office starts.
var begin = time.Date(2026, 11, 24, 9, 30, 0, 123456000, time.UTC)

// office is a server under test.
type office struct {
	*tickets.Office

	t        testing.TB
	url      string // of the database
	settings web.Settings
	handler  http.Handler
	web      *httptest.Server
	clock    *clock
	log      *log
	// statements counts what decides something on MySQL.
	statements *atomic.Int64
	// applications are what an operator changes; follow makes the office take it over.
	applications *applications.Book
}

// The storefront's origin, and the issuer of JWTs.
const (
	shopOrigin = "https://shop.example"
	issuer     = "https://tickets.example"
)

// follow does what a server does several times a second: it looks for what others have changed.
func (o *office) follow() {
	o.t.Helper()
	must(o.t, o.Applications.Reload(o.t.Context()))
	must(o.t, o.ReloadEnded(o.t.Context()))
}

// signers have a key of their own.
func signers(t testing.TB) *seal.Signers {
	t.Helper()
	keyset, err := seal.NewSignKeyset()
	must(t, err)
	signers, err := seal.NewSigners(seal.Dated{Keyset: keyset, Number: 1})
	must(t, err)
	return signers
}

// onEach runs a test with a new office on every database.
func onEach(t *testing.T, test func(t *testing.T, o *office), changes ...func(*tickets.Office)) {
	t.Helper()
	storagetest.Each(t, func(t *testing.T, url string) { test(t, open(t, url, changes...)) })
}

func open(t testing.TB, url string, changes ...func(*tickets.Office)) *office {
	t.Helper()
	keyset, err := seal.NewSealKeyset()
	must(t, err)
	keys, err := seal.NewKeys(seal.Dated{Keyset: keyset, Number: 1})
	must(t, err)
	return openWith(t, url, keys, &clock{now: begin}, changes...)
}

// openWith opens an office that shares keys and clock with others, as replicas do.
func openWith(t testing.TB, url string, keys *seal.Keys, clock *clock, changes ...func(*tickets.Office)) *office {
	t.Helper()
	o := &office{t: t, url: url, clock: clock, log: &log{}, statements: &atomic.Int64{}}
	logger := slog.New(web.LogHandler(slog.NewJSONHandler(o.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	store, err := storage.Open(storage.Settings{URL: secret.New(o.watched(url)), Now: clock.Now, Log: logger})
	must(t, err)
	t.Cleanup(func() { _ = store.Close() })
	_, err = store.Migrate(t.Context())
	must(t, err)
	hasher, err := password.New(password.Settings{MemoryKiB: 8, Iterations: 1})
	must(t, err)
	book := &accounts.Book{Store: store, Hasher: hasher, Now: clock.Now, Random: rand.Reader}
	o.applications = &applications.Book{Store: store, Now: clock.Now, Random: rand.Reader}
	must(t, o.applications.ConfigureStorefront(t.Context(), []string{"cart.write", "catalog.read"}, []string{shopOrigin}))
	wiring := tickets.Office{
		Store:        store,
		Accounts:     book,
		Applications: &applications.Directory{Store: store},
		Keys:         keys,
		Signers:      signers(t),
		Hasher:       hasher,
		Policy:       tickets.DefaultPolicy(),
		Issuer:       issuer,
		Audience:     []string{issuer},
		Now:          clock.Now,
		Elapsed:      clock.Elapsed,
		Random:       rand.Reader,
		Log:          logger,
	}
	wiring.Policy.RefusalStep, wiring.Policy.RowsPerSource = 0, 1<<20 // tests need not wait
	for _, change := range changes {
		change(&wiring)
	}
	o.Office, err = tickets.Open(wiring)
	must(t, err)
	o.follow()
	o.settings = web.Settings{
		Schema: graph.NewSchema(&graph.Resolver{Office: o.Office, Accounts: book}, false), Office: o.Office, SDL: "schema",
		Ready: store.Ping, Limits: web.DefaultLimits(), Deadline: 30 * time.Second, Random: rand.Reader, Log: logger,
		Introspection: true, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	}
	return o.with(func(*web.Settings) {})
}

// with serves the same office once more, with a change to the settings.
func (o *office) with(change func(*web.Settings)) *office {
	o.t.Helper()
	served := *o
	change(&served.settings)
	handler, err := web.New(served.settings)
	must(o.t, err)
	served.handler, served.web = handler, httptest.NewServer(handler)
	o.t.Cleanup(served.web.Close)
	return &served
}

// customer writes an account and returns it. Its user name is name, and its e-mail address is at example.com.
func (o *office) customer(name string, changes ...func(*models.CustomerAccount)) *models.CustomerAccount {
	o.t.Helper()
	hash, err := o.Hasher.Hash(o.t.Context(), secret.New(rightPassword))
	must(o.t, err)
	account := &models.CustomerAccount{
		UserName: &name, EmailAddress: new(name + "@example.com"), FirstName: new("Ada"), IsActive: true, PasswordHash: hash,
		CustomerSinceDate: &begin,
		Attributes: []models.CustomerAttribute{
			{FullyQualifiedName: "tenant~b", Values: []json.RawMessage{json.RawMessage(`12345678901234567890.10`), json.RawMessage(`{"k":[null]}`)}},
			{FullyQualifiedName: "tenant~a", AttributeDefinitionID: new(int64(7)), Values: []json.RawMessage{json.RawMessage(`"x"`), json.RawMessage(`null`)}},
		},
	}
	_, err = rand.Read(account.UserID[:])
	must(o.t, err)
	for _, change := range changes {
		change(account)
	}
	names := []string{strings.ToLower(name), strings.ToLower(*account.EmailAddress)}
	must(o.t, o.Store.WriteAccounts(o.t.Context(), func(w *storage.AccountWriter) error {
		account.ID = nil
		return w.Write([]storage.AccountWrite{{Account: account, Names: names, ReplaceAttributes: true}})
	}))
	return account
}

// watched returns the URL of a database as the office reaches it. A MySQL server is behind a proxy
// that counts the statements, and gives the database the test's clock.
func (o *office) watched(url string) string {
	if strings.HasPrefix(url, "sqlite://") {
		return url
	}
	config, err := mysql.ParseDSN(url)
	must(o.t, err)
	proxy, err := wire.Listen(o.t.Context(), wire.Settings{
		Primary: config.Addr,
		Rewrite: func(statement string) string {
			if decides(statement) {
				o.statements.Add(1)
			}
			return o.clock.ofDatabase(statement)
		},
	})
	must(o.t, err)
	o.t.Cleanup(proxy.Close)
	config.Addr = proxy.Address()
	return config.FormatDSN()
}

// decides reports whether a statement counts. BEGIN and COMMIT decide nothing, and some statements
// prepare the connection.
func decides(statement string) bool {
	if slices.Contains([]string{"START TRANSACTION", "COMMIT", "ROLLBACK"}, statement) {
		return false
	}
	return !strings.HasPrefix(statement, "SET ") && !strings.HasPrefix(statement, "SHOW VARIABLES") &&
		!strings.HasSuffix(statement, "VERSION()")
}

// clock is a clock that moves when it is told to. The database has one of its own.
type clock struct {
	mutex    sync.Mutex
	now      time.Time
	elapsed  time.Duration
	database time.Duration // how far the database's is ahead
}

func (c *clock) Now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.now
}

func (c *clock) Elapsed() time.Duration {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.elapsed
}

// pass lets time pass, on every clock.
func (c *clock) pass(d time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.now = c.now.Add(d)
	c.elapsed += d
}

// step sets the server's clock. No time passes, and the database's clock stays as it is.
func (c *clock) step(d time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.now = c.now.Add(d)
	c.database -= d
}

// stepDatabase sets the database's clock.
func (c *clock) stepDatabase(d time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.database += d
}

// ofDatabase makes a statement ask the test's clock.
func (c *clock) ofDatabase(statement string) string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	now := c.now.Add(c.database).UTC().Format("2006-01-02 15:04:05.000000")
	return strings.ReplaceAll(statement, "UTC_TIMESTAMP(6)", "TIMESTAMP'"+now+"'")
}

// log keeps what was logged.
type log struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (l *log) Write(record []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(record)
}

func (l *log) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.String()
}

func (l *log) clear() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.text.Reset()
}

// count returns how many records have a message.
func (l *log) count(message string) int { return strings.Count(l.String(), `"msg":"`+message+`"`) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// answer is what the server has answered to an operation.
type answer struct {
	status int
	header http.Header
	text   string
	took   time.Duration              // known of guarded ones
	Data   map[string]json.RawMessage `json:"data"`
	Errors []struct {
		Message    string `json:"message"`
		Path       []any  `json:"path"`
		Extensions struct {
			Code, Reason, NextStep, ErrorID, Limit string
			RetryAfterSeconds                      int
		} `json:"extensions"`
	} `json:"errors"`
}

// reason returns the reason of the one error; empty when there is none.
func (a answer) reason() models.Reason {
	if len(a.Errors) == 0 {
		return ""
	}
	return models.Reason(a.Errors[0].Extensions.Reason)
}

// ticket is a ticket as a client sees it.
type ticket struct {
	AccessToken, RefreshToken                               string
	AccessTokenExpiration, RefreshTokenExpiration           string
	AccessTokenLifetime, RefreshTokenLifetime, RefreshAfter int
	IssuedAt, SessionID, UserID, Claim                      string
	IsAnonymous                                             bool
	Behaviors                                               []string
	ClaimedAnonymousUserID                                  *string
	CustomerAccount                                         map[string]any
	raw                                                     string
}

// fields selects a whole ticket but its account.
const fields = `accessToken accessTokenExpiration accessTokenLifetime refreshToken refreshTokenExpiration refreshTokenLifetime ` +
	`refreshAfter issuedAt sessionId userId isAnonymous behaviors claim claimedAnonymousUserId`

type variables = map[string]any

// post sends an operation. Headers come in pairs.
func (o *office) post(query string, values variables, headers ...string) answer {
	o.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": values})
	must(o.t, err)
	request, err := http.NewRequestWithContext(o.t.Context(), http.MethodPost, o.web.URL+"/graphql", bytes.NewReader(body))
	must(o.t, err)
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}
	return o.send(request)
}

func (o *office) send(request *http.Request) answer {
	o.t.Helper()
	response, err := o.web.Client().Do(request)
	must(o.t, err)
	defer response.Body.Close() //nolint:errcheck // read to its end
	text, err := io.ReadAll(response.Body)
	must(o.t, err)
	got := answer{status: response.StatusCode, header: response.Header, text: string(text)}
	if strings.Contains(response.Header.Get("Content-Type"), "json") && request.Method != http.MethodHead {
		if err := json.Unmarshal(text, &got); err != nil {
			o.t.Fatalf("no JSON: %v: %q", err, text)
		}
	}
	return got
}

// ticket takes the ticket of a field out of the answer.
func (a answer) ticket(t testing.TB, field string) ticket {
	t.Helper()
	if len(a.Errors) > 0 {
		t.Fatalf("refused: %s", a.text)
	}
	got := ticket{raw: string(a.Data[field])}
	must(t, json.Unmarshal(a.Data[field], &got))
	return got
}

func (o *office) anonymous() ticket {
	o.t.Helper()
	return o.post(`mutation { anonymousShopperTicket { `+fields+` } }`, nil).ticket(o.t, "anonymousShopperTicket")
}

const signInQuery = `mutation ($input: CustomerUserAuthInfoInput!) { createUserTicket(input: $input) { ` + fields + ` } }`

// trySignIn signs in from an address; previous may be empty.
func (o *office) trySignIn(name, plain, previous, address string) answer {
	o.t.Helper()
	return o.trySignInWith(variables{"username": name, "password": plain, "previousRefreshToken": previous}, address)
}

// trySignInOn signs in from an address, on a device that has a refresh token of its customer.
func (o *office) trySignInOn(device, name, plain, address string) answer {
	o.t.Helper()
	return o.trySignInWith(variables{"username": name, "password": plain, "deviceToken": device}, address)
}

func (o *office) trySignInWith(input variables, address string) answer {
	o.t.Helper()
	return o.post(signInQuery, variables{"input": input}, "X-Forwarded-For", address)
}

func (o *office) signIn(name string) ticket {
	o.t.Helper()
	return o.trySignIn(name, rightPassword, "", "198.51.100.1").ticket(o.t, "createUserTicket")
}

func (o *office) tryRefresh(token string) answer {
	o.t.Helper()
	return o.post(`mutation ($token: String!) { refreshTicket(refreshToken: $token) { `+fields+` } }`, variables{"token": token})
}

func (o *office) tryRepeat(token, attempt string) answer {
	o.t.Helper()
	const query = `mutation ($token: String!, $attempt: String) ` +
		`{ refreshTicket(refreshToken: $token, attempt: $attempt) { ` + fields + ` } }`
	return o.post(query, variables{"token": token, "attempt": attempt})
}

// tryWith refreshes with an attempt, which may be empty for none.
func (o *office) tryWith(token, attempt string) answer {
	o.t.Helper()
	if attempt == "" {
		return o.tryRefresh(token)
	}
	return o.tryRepeat(token, attempt)
}

// repeat refreshes with an attempt.
func (o *office) repeat(token, attempt string) ticket {
	o.t.Helper()
	return o.tryRepeat(token, attempt).ticket(o.t, "refreshTicket")
}

func (o *office) refresh(token string) ticket {
	o.t.Helper()
	return o.tryRefresh(token).ticket(o.t, "refreshTicket")
}

func (o *office) tryRevoke(token string, everywhere bool) answer {
	o.t.Helper()
	const query = `mutation ($token: String!, $everywhere: Boolean!) ` +
		`{ revokeTicket(refreshToken: $token, everywhere: $everywhere) { sessionsEnded } }`
	return o.post(query, variables{"token": token, "everywhere": everywhere})
}

// revoke returns how many sessions it has ended.
func (o *office) revoke(token string, everywhere bool) int {
	o.t.Helper()
	got := o.tryRevoke(token, everywhere)
	var revoked struct{ SessionsEnded int }
	if len(got.Errors) > 0 {
		o.t.Fatalf("refused: %s", got.text)
	}
	must(o.t, json.Unmarshal(got.Data["revokeTicket"], &revoked))
	return revoked.SessionsEnded
}

func (o *office) tryEndSession(id string, headers ...string) answer {
	o.t.Helper()
	return o.post(`mutation { endSession(id: "`+id+`") { sessionsEnded } }`, nil, headers...)
}
func (o *office) currentShopper(selection string, headers ...string) answer {
	o.t.Helper()
	return o.post(`{ currentShopper { `+selection+` } }`, nil, headers...)
}

// expect fails unless an answer was refused for a reason.
func expect(t testing.TB, got answer, reason models.Reason) {
	t.Helper()
	if got.reason() != reason {
		t.Errorf("want the reason %q, got %s", reason, got.text)
	}
	if reason != "" && got.status != http.StatusOK {
		t.Errorf("status %d", got.status)
	}
}
