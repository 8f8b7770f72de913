package keyring_test

import (
	"crypto/rand"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/keyring"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage"
	"github.com/authtickets/authtickets/storage/storagetest"
	"github.com/authtickets/authtickets/test/testkit"
	"github.com/authtickets/authtickets/wiring"
)

var begin = time.Date(2026, 11, 24, 9, 30, 0, 123456000, time.UTC)

// lives are how long tokens of each kind of keyset may live, without settings.
var lives = map[models.KeyPurpose]time.Duration{models.SealKeys: 90 * 24 * time.Hour, models.SignKeys: 24 * time.Hour}

// must ends the test if there is an error.
var must = testkit.Must

// site is a database, with the clock that all its processes share.
type site struct {
	t     *testing.T
	store *storage.Store
	clock *testkit.Clock
}

// onEach runs a test with a site on every database.
func onEach(t *testing.T, test func(t *testing.T, s *site)) {
	t.Helper()
	storagetest.Each(t, func(t *testing.T, url string) { test(t, newSite(t, url)) })
}

func newSite(t *testing.T, url string) *site {
	t.Helper()
	clock := testkit.NewClock(begin)
	return &site{t, testkit.Open(t, url, clock.Now, testkit.Silent()), clock}
}

// keyFile makes a key file, and returns it as keys and as a master key.
func keyFile(t testing.TB) (*seal.Keys, *seal.Master) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "keys.json")
	must(t, seal.CreateFile(file))
	master, err := seal.LoadMaster(file)
	must(t, err)
	keys, err := seal.NewKeys(seal.Dated{Keyset: master.Own(), Number: 1})
	must(t, err)
	return keys, master
}

// ring is the ring of one process.
type ring struct {
	*keyring.Ring

	s *site
}

func (s *site) ring(master *seal.Master) *ring {
	parts := wiring.New(wiring.Settings{
		Store:  s.store,
		Now:    s.clock.Now,
		Random: rand.Reader,
		Log:    testkit.Silent(),
		Master: master,
	})
	return &ring{parts.Ring, s}
}

// load returns a ring that has loaded the keysets.
func (s *site) load(master *seal.Master) *ring {
	s.t.Helper()
	r := s.ring(master)
	must(s.t, r.Load(s.t.Context()))
	return r
}

func (r *ring) refresh() {
	r.s.t.Helper()
	must(r.s.t, r.Reload(r.s.t.Context()))
}

func (r *ring) rotate(purpose models.KeyPurpose, delay time.Duration) *models.Keyset {
	r.s.t.Helper()
	row, err := r.Rotate(r.s.t.Context(), access.Operator(), purpose, delay)
	must(r.s.t, err)
	return row
}

func contents(at time.Time) seal.Contents {
	return seal.Contents{
		Kind:        seal.Refresh,
		Application: "storefront",
		SessionID:   [16]byte{1},
		UserID:      [16]byte{2},
		StartedAt:   begin,
		IssuedAt:    at,
		ExpiresAt:   at.Add(time.Hour),
	}
}

// seal seals a token that is issued now.
func (r *ring) seal() secret.Text {
	r.s.t.Helper()
	return sealAt(r.s.t, r.Keys, r.s.clock.Now())
}

func sealAt(t testing.TB, keys *seal.Keys, at time.Time) secret.Text {
	t.Helper()
	token, err := keys.Seal(contents(at))
	must(t, err)
	return token
}

func opens(keys *seal.Keys, token secret.Text) bool {
	_, err := keys.Open(seal.Refresh, token)
	return err == nil
}

// states returns the states of the keysets of a purpose, in order of their numbers.
func (r *ring) states(purpose models.KeyPurpose) (states []keyring.State) {
	r.s.t.Helper()
	entries, err := r.List(r.s.t.Context(), access.Operator())
	must(r.s.t, err)
	for _, entry := range entries {
		if entry.Purpose == purpose {
			states = append(states, entry.State)
		}
	}
	return states
}

func want(t *testing.T, got []keyring.State, want ...keyring.State) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("the states are %q, not %q", got, want)
	}
}
