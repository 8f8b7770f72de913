// Package tickets makes every decision about a ticket, one file per verb: issue, sign in, refresh, revoke, verify.
package tickets

import (
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/password"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage"
)

// Application is the storefront or service that asks for tickets.
type Application struct {
	// ID is a slug of at most 32 characters.
	ID string
	// Behaviors are what its tickets carry.
	Behaviors []string
}

// Office is the ticket office. Its exported fields are all required and do not change while it is in use.
type Office struct {
	Store       *storage.Store
	Accounts    *accounts.Book
	Keys        *seal.Keys
	Hasher      *password.Hasher
	Policy      Policy
	Application Application
	// Now tells the time, once for each operation.
	Now func() time.Time
	// Random draws the ids of sessions and anonymous shoppers. It must be fit for cryptography.
	Random io.Reader
	// Log gets the security events: wrong passwords, locks, and refresh tokens used twice.
	Log *slog.Logger

	guesses *guesses
}

// Open returns the office ready for use.
func Open(office Office) (*Office, error) {
	guesses, err := newGuesses(office.Policy)
	if err != nil {
		return nil, err
	}
	office.guesses = guesses
	return &office, nil
}

// now is the instant of an operation, in the resolution that rows and tokens keep.
func (o *Office) now() time.Time { return o.Now().UTC().Truncate(time.Microsecond) }

// open returns what a token of a kind says, or a models.Error that says why it is not good.
func (o *Office) open(kind seal.Kind, token secret.Text, now time.Time) (seal.Contents, error) {
	contents, err := o.Keys.Open(kind, token)
	if err != nil || contents.Application != o.Application.ID {
		return seal.Contents{}, &models.Error{Reason: models.ReasonTokenInvalid}
	}
	if reason := alive(contents, now); reason != "" {
		return contents, &models.Error{Reason: reason}
	}
	return contents, nil
}

// begin returns a new session for a shopper, at generation 0.
func (o *Office) begin(userID models.ID, anonymous bool, now time.Time) (*models.Session, error) {
	id, err := o.newSessionID(now)
	if err != nil {
		return nil, err
	}
	expiration := o.Policy.refreshExpiration(anonymous, now, now)
	return &models.Session{
		ID: id, Application: o.Application.ID, UserID: userID, IsAnonymous: anonymous,
		StartedAt: now, RefreshedAt: now, ExpiresAt: expiration, PurgeAt: purgeAt(expiration),
	}, nil
}

// sessionOf returns the session as a refresh token describes it, at the token's generation.
func sessionOf(contents seal.Contents) *models.Session {
	return &models.Session{
		ID: contents.SessionID, Application: contents.Application, UserID: contents.UserID, IsAnonymous: contents.Anonymous,
		Generation: contents.Generation, StartedAt: contents.StartedAt, RefreshedAt: contents.IssuedAt, ExpiresAt: contents.ExpiresAt,
		PurgeAt: purgeAt(contents.ExpiresAt),
	}
}

// holding is what a refresh token says of its session, for storage to check.
func (o *Office) holding(contents seal.Contents, now time.Time) storage.Holding {
	return storage.Holding{
		ID: contents.SessionID, Generation: contents.Generation, ReusableSince: now.Add(-o.Policy.ReuseWindow),
	}
}

// unwritten reports whether the session of a token may have no row yet: an anonymous one is first written when it is refreshed,
// claimed or revoked.
func unwritten(contents seal.Contents) bool { return contents.Anonymous && contents.Generation == 0 }

// newSessionID draws an id that grows with time, so that new rows lie side by side in the primary key; its first 4 bits are random, so that they do
// so in 16 places and no single one is hot. The 44 bits of milliseconds behind them last until the year 2527; the other 80 bits are random.
func (o *Office) newSessionID(now time.Time) (models.ID, error) {
	const clock = (1<<44 - 1) << 16
	id, err := o.newID()
	front := binary.BigEndian.Uint64(id[:8])&^clock | uint64(now.UnixMilli())<<16&clock
	binary.BigEndian.PutUint64(id[:8], front)
	return id, err
}

func (o *Office) newID() (models.ID, error) {
	var id models.ID
	if _, err := io.ReadFull(o.Random, id[:]); err != nil {
		return id, fmt.Errorf("draw an id: %w", err)
	}
	return id, nil
}
