package applications

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage"
	"github.com/authtickets/authtickets/timing"
)

// renewable is how long the refresh token of an application's ticket lives.
const renewable = 24 * time.Hour

// longestRenewed is how long after its beginning a ticket can still be renewed. After that, the
// application has to show its secret again.
const longestRenewed = 30 * 24 * time.Hour

// mostEnded is how many tickets can have ended early at a time. Every server keeps their ids in
// memory.
const mostEnded = 100_000

// LongestTicket is the longest lifetime of an application's access token.
const LongestTicket = renewable

// Tickets issues tickets to applications. With the access token, a confidential application proves
// itself instead of sending its secret with each request. All fields are required.
//
// A ticket is valid only while the secret that requested it is.
type Tickets struct {
	Directory *Directory
	Store     *storage.Store
	Keys      *seal.Keys
	// Lifetime is how long an access token lives, at most LongestTicket.
	Lifetime time.Duration
	Now      func() time.Time
	// Random draws the ids of tickets. It must be fit for cryptography.
	Random io.Reader
	// Desk records the tickets.
	Desk *access.Desk
}

// Ticket is an application's own ticket. It is never stored.
type Ticket struct {
	AccessToken            secret.Text
	AccessTokenExpiration  time.Time
	AccessTokenLifetime    time.Duration
	RefreshToken           secret.Text
	RefreshTokenExpiration time.Time
}

// Issue issues a ticket to a caller that shows the secret of a confidential application. The
// reasons of its errors are those of Directory.Caller.
func (t *Tickets) Issue(ctx context.Context, caller *access.Caller) (*Ticket, error) {
	return access.Record(ctx, t.Desk, "application.sign-in", func(entry *access.Entry) (*Ticket, error) {
		now := t.Now()
		t.note(entry, caller)
		application, err := t.Directory.Caller(caller, now)
		if err != nil {
			return nil, err
		}
		if !application.IsConfidential || caller.Secret.Reveal() == "" {
			return nil, invalid()
		}
		entry.By, entry.Application = application.ID, application.ID

		var id models.ID
		if _, err := io.ReadFull(t.Random, id[:]); err != nil {
			return nil, fmt.Errorf("draw the id of a ticket: %w", err)
		}
		entry.Session = id

		return t.issue(seal.Contents{
			Application:      application.ID,
			ApplicationEpoch: application.Epoch,
			SessionID:        id,
			SecretID:         secretIDOf(caller.Secret),
			Address:          caller.Address,
			StartedAt:        now,
		}, now)
	})
}

// Renew exchanges a refresh token for another ticket. The one before stays valid until it expires.
// If the caller names an application, it must be the one that the token was issued to. The reasons
// of its errors are APPLICATION_INVALID, APPLICATION_DISABLED, ORIGIN_NOT_ALLOWED and BUSY.
func (t *Tickets) Renew(ctx context.Context, caller *access.Caller, refreshToken secret.Text) (*Ticket, error) {
	now := t.Now()
	application, contents, err := t.Directory.holder(seal.ApplicationRefresh, refreshToken, now)
	if err != nil {
		return nil, err
	}
	if err := admits(application, caller); err != nil {
		return nil, err
	}

	// Another server may have ended the ticket since the last Reload.
	hasEnded, err := t.Store.HasApplicationTicketEnded(ctx, contents.SessionID)
	if err != nil {
		return nil, err
	}
	if hasEnded {
		return nil, invalid()
	}
	contents.Address = caller.Address
	return t.issue(contents, now)
}

// End ends the ticket that a refresh token belongs to, and all that it was renewed to. It succeeds
// if the ticket is over already, unless its application was deleted. The reasons of its errors are
// those of Renew.
func (t *Tickets) End(ctx context.Context, caller *access.Caller, refreshToken secret.Text) error {
	_, err := access.Record(ctx, t.Desk, "application.sign-out", func(entry *access.Entry) (struct{}, error) {
		now := t.Now()
		t.note(entry, caller)
		contents, err := t.Directory.genuine(seal.ApplicationRefresh, refreshToken, now)
		if err != nil {
			return struct{}{}, err
		}
		application := t.Directory.Find(contents.Application)
		if application == nil {
			return struct{}{}, invalid()
		}
		if err := admits(application, caller); err != nil {
			return struct{}{}, err
		}

		entry.By, entry.Application, entry.Session = application.ID, application.ID, contents.SessionID
		switch ended := t.Directory.ended.Load(); {
		case ended == nil: // it was not read yet
		case (*ended)[contents.SessionID]:
			return struct{}{}, nil
		case len(*ended) >= mostEnded:
			return struct{}{}, busy()
		}

		// A renewal at this moment on another server makes tokens that live until then.
		until := now.Add(renewable + timing.PurgeMargin)
		return struct{}{}, t.Store.EndApplicationTicket(ctx, models.EndedApplicationTicket{
			ID:        contents.SessionID,
			ExpiresAt: until,
		})
	})
	return err
}

// Check returns nil if the caller is an application that proves who it is. The reasons of its
// errors are those of Directory.Caller.
func (t *Tickets) Check(caller *access.Caller) error {
	application, err := t.Directory.Caller(caller, t.Now())
	if err == nil && !application.IsConfidential {
		return invalid()
	}
	return err
}

// note records where an attempt comes from, and the application that it names, if there is one.
func (t *Tickets) note(entry *access.Entry, caller *access.Caller) {
	if caller.Address.IsValid() {
		entry.Source = caller.Address.String()
	}
	if named := t.Directory.Find(caller.Application); named != nil {
		entry.Application = named.ID
	}
}

// issue seals both tokens of a ticket that is not over. The reason of its error is BUSY.
func (t *Tickets) issue(contents seal.Contents, now time.Time) (*Ticket, error) {
	end := contents.StartedAt.Add(longestRenewed)
	until := func(lifetime time.Duration) time.Time {
		if expiration := now.Add(lifetime); expiration.Before(end) {
			return expiration
		}
		return end
	}

	contents.IssuedAt = now
	sealed := func(kind seal.Kind, expiration time.Time) (secret.Text, error) {
		contents.Kind, contents.ExpiresAt = kind, expiration
		return t.Keys.Seal(contents)
	}
	accessExpiration, refreshExpiration := until(t.Lifetime), until(renewable)
	accessToken, errAccess := sealed(seal.ApplicationAccess, accessExpiration)
	refreshToken, errRefresh := sealed(seal.ApplicationRefresh, refreshExpiration)
	if err := errors.Join(errAccess, errRefresh); err != nil {
		return nil, busyUntilLoaded(err)
	}
	return &Ticket{
		AccessToken:            accessToken,
		AccessTokenExpiration:  accessExpiration,
		AccessTokenLifetime:    accessExpiration.Sub(now),
		RefreshToken:           refreshToken,
		RefreshTokenExpiration: refreshExpiration,
	}, nil
}

// busyUntilLoaded turns the error of keys that are not loaded yet into BUSY.
func busyUntilLoaded(err error) error {
	if errors.Is(err, seal.ErrNotLoaded) {
		return busy()
	}
	return err
}

func invalid() error { return &models.Error{Reason: models.ReasonApplicationInvalid} }

func busy() error { return &models.Error{Reason: models.ReasonBusy, RetryAfter: time.Second} }
