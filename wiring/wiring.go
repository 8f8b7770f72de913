// Package wiring puts the parts of the domain together. The server, the commands and the tests use
// it, so that every part is made the same way everywhere.
package wiring

import (
	"io"
	"log/slog"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/keyring"
	"github.com/authtickets/authtickets/password"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/storage"
	"github.com/authtickets/authtickets/tickets"
)

// Settings are what the parts are made of. Those of the first group are always required. The
// others can be left out where the part that needs them is not used.
type Settings struct {
	Store *storage.Store
	// Now tells the time. It may be set, and then steps.
	Now func() time.Time
	// Random must be fit for cryptography.
	Random io.Reader
	Log    *slog.Logger

	// Hasher is for accounts and the office.
	Hasher *password.Hasher

	// Master is for a ring that makes or reads keysets. A ring without it can only list and retire.
	Master *seal.Master
	// SigningNotice is how long a keyset that signs is published before it is used. 0 means a
	// minute.
	SigningNotice time.Duration

	// Policy is for the office and the ring: the ring keeps a keyset for as long as what was made
	// under it may live.
	Policy tickets.Policy

	// Elapsed tells how much time has passed since the program began. It never steps. The office
	// needs it.
	Elapsed func() time.Duration
	// Issuer and Audience are what the office's JWTs say.
	Issuer   string
	Audience []string
}

// Parts are the parts of the domain on one database.
type Parts struct {
	Store        *storage.Store
	Accounts     *accounts.Book
	Applications *applications.Book
	// Directory is what the office knows of the applications. It is empty until its first Reload.
	Directory *applications.Directory
	// Ring has no keysets until its first Load.
	Ring *keyring.Ring

	settings Settings
}

// New puts the parts together. It does not ask the database.
func New(settings Settings) *Parts {
	store, now := settings.Store, settings.Now
	directory := &applications.Directory{Store: store}
	desk := &access.Desk{Allows: directory.Rights(now), Log: settings.Log}

	return &Parts{
		Store: store,
		Accounts: &accounts.Book{
			Store:  store,
			Hasher: settings.Hasher,
			Now:    now,
			Random: settings.Random,
			Desk:   desk,
		},
		Applications: &applications.Book{Store: store, Now: now, Random: settings.Random, Desk: desk},
		Directory:    directory,
		Ring: &keyring.Ring{
			Store:           store,
			Master:          settings.Master,
			Keys:            new(seal.Keys),
			Signers:         new(seal.Signers),
			AccessLifetime:  settings.Policy.AccessLifetime,
			SessionLifetime: settings.Policy.SessionLifetime,
			Applications:    directory.All,
			SigningNotice:   settings.SigningNotice,
			Now:             now,
			Desk:            desk,
		},
		settings: settings,
	}
}

// Office returns the office of the parts, which tickets.Open makes ready for use.
func (p *Parts) Office() tickets.Office {
	return tickets.Office{
		Store:        p.Store,
		Accounts:     p.Accounts,
		Applications: p.Directory,
		Keys:         p.Ring.Keys,
		Signers:      p.Ring.Signers,
		Issuer:       p.settings.Issuer,
		Audience:     p.settings.Audience,
		Hasher:       p.settings.Hasher,
		Policy:       p.settings.Policy,
		Now:          p.settings.Now,
		Elapsed:      p.settings.Elapsed,
		Random:       p.settings.Random,
		Desk:         p.Accounts.Desk,
		Log:          p.settings.Log,
	}
}
