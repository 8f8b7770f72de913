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

// Settings are what the parts need. The first group is always required. Each of the others can be
// left out if the part that needs it is not used.
type Settings struct {
	Store *storage.Store
	// Now returns the time. It jumps when somebody sets the clock.
	Now func() time.Time
	// Random must be fit for cryptography.
	Random io.Reader
	Log    *slog.Logger

	// Hasher is for accounts and the office.
	Hasher *password.Hasher

	// Master is for a ring that makes or reads keysets. Without it, a ring can only list, find and
	// retire them.
	Master *seal.Master
	// SigningNotice is how long a keyset that signs is published before it is used. 0 means a
	// minute.
	SigningNotice time.Duration

	// Policy is for the office and the ring. The ring keeps a keyset until all tokens made with it
	// have expired.
	Policy tickets.Policy

	// Elapsed is for the office. It returns how much time has passed since the program began, and
	// never jumps.
	Elapsed func() time.Duration
	// Issuer and Audience are claims of the office's JWTs.
	Issuer   string
	Audience []string

	// ApplicationTicketLifetime is how long the access tokens of applications' own tickets live; 0
	// means that there are no such tickets.
	ApplicationTicketLifetime time.Duration
	// UserClaims adds the user claims of Kibo's APIs to the office's JWTs.
	UserClaims bool
}

// Parts are the parts of the domain on one database.
type Parts struct {
	Store        *storage.Store
	Accounts     *accounts.Book
	Applications *applications.Book
	// Directory has the applications for the office. It is empty until its first Reload.
	Directory *applications.Directory
	// ApplicationTickets issue tickets to applications; nil if there are no such tickets.
	ApplicationTickets *applications.Tickets
	// Ring has no keysets until its first Load.
	Ring *keyring.Ring

	settings Settings
}

// New puts the parts together. It does not use the database.
func New(settings Settings) *Parts {
	store, now := settings.Store, settings.Now
	directory := &applications.Directory{Store: store}
	desk := &access.Desk{Allows: directory.Rights(now), Log: settings.Log}

	parts := &Parts{
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

	if settings.ApplicationTicketLifetime > 0 {
		directory.Keys = parts.Ring.Keys
		parts.ApplicationTickets = &applications.Tickets{
			Directory: directory,
			Store:     store,
			Keys:      parts.Ring.Keys,
			Lifetime:  settings.ApplicationTicketLifetime,
			Now:       now,
			Random:    settings.Random,
			Desk:      desk,
		}
	}
	return parts
}

// Office returns the fields of the parts' office. Pass it to tickets.Open.
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
		UserClaims:   p.settings.UserClaims,
		Log:          p.settings.Log,
	}
}
