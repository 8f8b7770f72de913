// Package test_test calls the whole server through GraphQL over HTTP, with a real database, on
// every kind of database. Only the clock is simulated.
package test_test

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/command"
	"github.com/authtickets/authtickets/gqlhttp"
	"github.com/authtickets/authtickets/inbound"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage"
	"github.com/authtickets/authtickets/storage/storagetest"
	"github.com/authtickets/authtickets/test/testkit"
	"github.com/authtickets/authtickets/test/wire"
	"github.com/authtickets/authtickets/tickets"
	"github.com/authtickets/authtickets/web"
	"github.com/authtickets/authtickets/wiring"
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
	clock    *testkit.Clock
	log      *log
	// statements counts the statements that decide something, on MySQL.
	statements *atomic.Int64
	// applications changes applications like an operator. follow makes the office read the change.
	applications *applications.Book
}

// These are the storefront's origin and the issuer of JWTs.
const (
	shopOrigin = "https://shop.example"
	issuer     = "https://tickets.example"
)

// follow reads what others have changed, as a server does several times a second.
func (o *office) follow() {
	o.t.Helper()
	must(o.t, errors.Join(o.Applications.Reload(o.t.Context()), o.Applications.ReloadEnded(o.t.Context())))
	must(o.t, o.ReloadEnded(o.t.Context()))
}

// signers returns signers with a new key.
func signers(t testing.TB) *seal.Signers {
	t.Helper()
	keyset, err := seal.NewSignKeyset()
	must(t, err)
	signers, err := seal.NewSigners(seal.Dated{Keyset: keyset, Number: 1})
	must(t, err)

	return signers
}

// onEach runs a test on every kind of database, each with a new office.
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

	return openWith(t, url, keys, testkit.NewClock(begin), changes...)
}

// openWith opens an office that shares keys and clock with others, like replicas.
func openWith(
	t testing.TB, url string, keys *seal.Keys, clock *testkit.Clock, changes ...func(*tickets.Office),
) *office {
	t.Helper()
	o := &office{t: t, url: url, clock: clock, log: &log{}, statements: &atomic.Int64{}}
	logger := slog.New(inbound.LogHandler(slog.NewJSONHandler(o.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	store := testkit.Open(t, o.watched(url), clock.Now, logger)

	parts := wiring.New(wiring.Settings{
		Store:    store,
		Now:      clock.Now,
		Random:   rand.Reader,
		Log:      logger,
		Hasher:   testkit.CheapHasher(t),
		Policy:   testkit.Defaults[command.TicketSettings](t).Policy(),
		Elapsed:  clock.Elapsed,
		Issuer:   issuer,
		Audience: []string{issuer},
	})

	parts.Ring.Keys, parts.Ring.Signers = keys, signers(t)
	o.applications = parts.Applications
	behaviors, origins := []string{"cart.write", "catalog.read"}, []string{shopOrigin}
	must(t, o.applications.ConfigureStorefront(t.Context(), access.Operator(), behaviors, origins))

	wired := parts.Office()
	wired.Policy.RefusalStep, wired.Policy.RowsPerSource = 0, 1<<20 // so that tests need not wait
	for _, change := range changes {
		change(&wired)
	}

	office, err := tickets.Open(wired)
	must(t, err)
	o.Office = office
	o.follow()

	o.settings = web.Settings{
		Settings: gqlhttp.Settings{
			Schema:        schemaOf(o.Office, parts.Accounts),
			Office:        o.Office,
			Introspection: true,
			Limits:        *testkit.Defaults[gqlhttp.Limits](t),
			Deadline:      30 * time.Second,
			Random:        rand.Reader,
			Log:           logger,
		},
		SDL:            "schema",
		Ready:          store.Ping,
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	}
	return o.with(func(*web.Settings) {})
}

// with serves the same office with changed settings.
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

// customer writes an account and returns it. name is its user name, and its e-mail address is at
// example.com.
func (o *office) customer(name string, changes ...func(*models.CustomerAccount)) *models.CustomerAccount {
	o.t.Helper()
	hash, err := o.Hasher.Hash(o.t.Context(), secret.New(rightPassword))
	must(o.t, err)
	account := &models.CustomerAccount{
		UserName:          &name,
		EmailAddress:      new(name + "@example.com"),
		FirstName:         new("Ada"),
		IsActive:          true,
		PasswordHash:      hash,
		CustomerSinceDate: &begin,
		Attributes: []models.CustomerAttribute{
			{
				FullyQualifiedName: "tenant~b",
				Values: []json.RawMessage{
					json.RawMessage(`12345678901234567890.10`), json.RawMessage(`{"k":[null]}`),
				},
			},
			{
				FullyQualifiedName:    "tenant~a",
				AttributeDefinitionID: new(int64(7)),
				Values:                []json.RawMessage{json.RawMessage(`"x"`), json.RawMessage(`null`)},
			},
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

// watched returns the URL through which the office reaches a database. A MySQL server is behind a
// proxy that counts statements and gives the database the test's clock.
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
			return o.clock.OfDatabase(statement)
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

// must ends the test if there is an error.
var must = testkit.Must
