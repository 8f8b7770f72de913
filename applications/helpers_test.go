package applications_test

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage/storagetest"
	"github.com/authtickets/authtickets/test/testkit"
	"github.com/authtickets/authtickets/wiring"
)

var begin = time.Date(2026, 11, 24, 9, 30, 0, 123456000, time.UTC)

// book is a book of applications on a database of its own, which begins with the storefront of the
// migrations.
type book struct {
	*applications.Book

	t   *testing.T
	now time.Time
}

// onEach runs a test with a book on every database.
func onEach(t *testing.T, test func(t *testing.T, b *book)) {
	t.Helper()
	storagetest.Each(t, func(t *testing.T, url string) {
		b := &book{t: t, now: begin}
		now := func() time.Time { return b.now }
		parts := wiring.New(wiring.Settings{
			Store:  testkit.Open(t, url, now, testkit.Silent()),
			Now:    now,
			Random: rand.Reader,
			Log:    testkit.Silent(),
		})
		b.Book = parts.Applications
		test(t, b)
	})
}

// must ends the test if there is an error.
var must = testkit.Must

// create makes an application and returns its secret.
func (b *book) create(id string, confidential bool, change applications.Change) secret.Text {
	b.t.Helper()
	created, err := b.Create(b.t.Context(), access.Operator(),
		applications.New{ID: id, IsConfidential: confidential, Change: change})
	must(b.t, err)
	return created.Secret
}

// directory returns a directory with the current applications.
func (b *book) directory() *applications.Directory {
	b.t.Helper()
	directory := &applications.Directory{Store: b.Store}
	must(b.t, directory.Reload(b.t.Context()))
	return directory
}
