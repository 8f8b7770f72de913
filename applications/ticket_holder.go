package applications

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/timing"
)

// IsToken reports whether a text is the access token of an application's ticket, valid or not. It
// tells such a token from a shopper's where a request may bring either.
func (d *Directory) IsToken(token secret.Text) bool {
	if d.Keys == nil {
		return false
	}
	_, err := d.Keys.Open(seal.ApplicationAccess, token)
	return err == nil
}

// ReloadEnded reads which of the applications' own tickets ended early. Without such tickets, it
// does not ask the database.
func (d *Directory) ReloadEnded(ctx context.Context) error {
	if d.Keys == nil {
		return nil
	}
	ids, err := d.Store.EndedApplicationTickets(ctx)
	if err != nil {
		return err
	}

	ended := make(map[models.ID]bool, len(ids))
	for _, id := range ids {
		ended[id] = true
	}
	d.ended.Store(&ended)
	return nil
}

// hasEndedEarly reports whether an application's own ticket ended early. The reason of its error is
// BUSY before the first ReloadEnded.
func (d *Directory) hasEndedEarly(id models.ID) (bool, error) {
	ended := d.ended.Load()
	if ended == nil {
		return false, busy()
	}
	return (*ended)[id], nil
}

// holder returns the application that holds a valid token of its ticket, and what the token says.
// The reasons of its errors are APPLICATION_INVALID, APPLICATION_DISABLED and BUSY.
func (d *Directory) holder(
	kind seal.Kind, token secret.Text, now time.Time,
) (*models.Application, seal.Contents, error) {
	contents, err := d.genuine(kind, token, now)
	if err != nil {
		return nil, seal.Contents{}, err
	}

	known := d.current.Load()
	application := known.byID[contents.Application]
	switch {
	case contents.IssuedAt.After(now.Add(timing.ClockLeeway)): // a clock is wrong, not the token
		return nil, seal.Contents{}, busy()
	case application == nil, !now.Before(contents.ExpiresAt):
		return nil, seal.Contents{}, invalid()
	case !hasSecret(application, contents.SecretID, now):
		return nil, seal.Contents{}, invalid()
	case application.IsDisabled:
		return nil, seal.Contents{}, &models.Error{Reason: models.ReasonApplicationDisabled}
	}

	hasEnded, err := d.HasEnded(application, contents.ApplicationEpoch, contents.StartedAt)
	endedEarly, errEarly := d.hasEndedEarly(contents.SessionID)
	switch err := cmp.Or(err, errEarly); {
	case err != nil:
		return nil, seal.Contents{}, err
	case hasEnded, endedEarly:
		return nil, seal.Contents{}, invalid()
	}
	return application, contents, nil
}

// genuine returns what a token of an application's ticket says, whether or not it is still valid.
// The reasons of its errors are APPLICATION_INVALID and BUSY.
func (d *Directory) genuine(kind seal.Kind, token secret.Text, now time.Time) (seal.Contents, error) {
	if d.Keys == nil {
		return seal.Contents{}, invalid()
	}
	if d.current.Load() == nil {
		return seal.Contents{}, busy()
	}

	contents, err := d.Keys.Open(kind, token)
	switch {
	case errors.Is(err, seal.ErrNotLoaded), errors.Is(err, seal.ErrUnknownKey) && d.Keys.MayLack(now):
		return seal.Contents{}, busy()
	case err != nil:
		return seal.Contents{}, invalid()
	}
	return contents, nil
}

// secretIDOf returns what tells a secret from others: half of its hash.
func secretIDOf(text secret.Text) (id [16]byte) {
	hash := hashOf(text)
	copy(id[:], hash[:])
	return id
}

// hasSecret reports whether the secret with this id is one of the application's valid secrets.
func hasSecret(application *models.Application, id [16]byte, now time.Time) bool {
	is := func(hash []byte) bool {
		return len(hash) >= len(id) && subtle.ConstantTimeCompare(hash[:len(id)], id[:]) == 1
	}
	until := application.PreviousSecretUntil
	return is(application.SecretHash) || is(application.PreviousSecretHash) && until != nil && now.Before(*until)
}
