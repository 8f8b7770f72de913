package accounts_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage"
	"github.com/authtickets/authtickets/test/testkit"
	"github.com/authtickets/authtickets/wiring"
)

// begin is the instant at which every test begins.
var begin = time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC)

// book is a book of accounts on its own database.
type book struct {
	*accounts.Book

	t     testing.TB
	clock *testkit.Clock
}

func openBook(t testing.TB, url string) *book {
	t.Helper()
	clock := testkit.NewClock(begin)
	parts := wiring.New(wiring.Settings{
		Store:  testkit.Open(t, url, clock.Now, testkit.Silent()),
		Now:    clock.Now,
		Random: rand.Reader,
		Log:    testkit.Silent(),
		Hasher: testkit.CheapHasher(t),
	})
	return &book{parts.Accounts, t, clock}
}

// must ends the test if there is an error.
var must = testkit.Must

// load imports a text and returns what became of its rows, for example
// "created 2, updated 1, line 3: userName must not be empty".
func (b *book) load(text string, change ...func(*accounts.ImportOptions)) string {
	b.t.Helper()
	var results []string
	options := accounts.ImportOptions{
		Refused:  func(line int, reason error) { results = append(results, fmt.Sprintf("line %d: %s", line, reason)) },
		Progress: func(accounts.Counts) {},
	}
	for _, change := range change {
		change(&options)
	}

	counts, err := b.Import(b.t.Context(), access.Operator(), strings.NewReader(text), options)
	if counts.Refused != len(results) || counts.Created+counts.Updated+counts.Unchanged+counts.Refused != counts.Read {
		b.t.Errorf("the counts do not add up: %+v, %d reasons", counts, len(results))
	}
	for _, count := range []struct {
		name string
		n    int
	}{{"unchanged", counts.Unchanged}, {"updated", counts.Updated}, {"created", counts.Created}} {
		if count.n > 0 {
			results = append([]string{fmt.Sprintf("%s %d", count.name, count.n)}, results...)
		}
	}
	if err != nil {
		results = append(results, "error: "+err.Error())
	}
	return strings.Join(results, ", ")
}

// want imports a text, and fails unless its rows have the wanted results.
func (b *book) want(want, text string, change ...func(*accounts.ImportOptions)) {
	b.t.Helper()
	if got := b.load(text, change...); got != want {
		b.t.Errorf("%.300s\ngot:  %s\nwant: %s", text, got, want)
	}
}

// find returns the account with a user name or, if there is none, with an external id. It returns
// nil if there is no such account.
func (b *book) find(key string) *models.CustomerAccount {
	b.t.Helper()
	account, err := b.Find(b.t.Context(), access.Operator(), accounts.Key{UserName: new(key)}, accounts.Whole())
	if errors.Is(err, accounts.ErrNotFound) {
		account, err = b.Find(b.t.Context(), access.Operator(), accounts.Key{ExternalID: &key}, accounts.Whole())
	}
	if errors.Is(err, accounts.ErrNotFound) {
		return nil
	}
	must(b.t, err)
	return account
}

// signsIn reports whether a password is the account's.
func (b *book) signsIn(account *models.CustomerAccount, plain string) bool {
	b.t.Helper()
	result, err := b.Hasher.Check(b.t.Context(), account.PasswordHash, secret.New(plain))
	return err == nil && result.Matches
}

// session begins a session of an account. It returns a function that reports why it has
// ended, or "" if it goes on.
func (b *book) session(account *models.CustomerAccount) (ended func() models.Reason) {
	b.t.Helper()
	session := models.Session{
		Application: "storefront", UserID: account.UserID, StartedAt: begin, RefreshedAt: begin,
		ExpiresAt: begin.Add(time.Hour), PurgeAt: begin.Add(24 * time.Hour),
	}
	_, err := rand.Read(session.ID[:])
	must(b.t, err)
	_, err = b.Store.BeginSession(b.t.Context(), &session, storage.AtAnyTime)
	must(b.t, err)
	return func() models.Reason {
		row, err := b.Store.Session(b.t.Context(), session.ID)
		must(b.t, err)
		return row.EndReason
	}
}

func errOf[T any](_ T, err error) error { return err }
