package applications

import (
	"cmp"
	"context"
	"crypto/subtle"
	"net/netip"
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/timing"
)

// IsToken reports whether a text is the access token of an application's ticket, valid or not. It
// tells such a token from a shopper's where a request may bring either. If this server may lack the
// token's key, it is taken for an application's, and refused with BUSY.
func (d *Directory) IsToken(token secret.Text, now time.Time) bool {
	if d.Keys == nil {
		return false
	}
	_, err := d.Keys.Open(seal.ApplicationAccess, token)
	return err == nil || d.Keys.MayBeToken(err, now)
}

// AddressOf returns the address from which an application requested the ticket of an access token.
// It is invalid if the token cannot be opened.
func (d *Directory) AddressOf(token secret.Text) netip.Addr {
	if d.Keys == nil {
		return netip.Addr{}
	}
	contents, _ := d.Keys.Open(seal.ApplicationAccess, token)
	return contents.Address
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

	application := d.current.Load().byID[contents.Application]
	switch {
	case contents.IssuedAt.After(now.Add(timing.ClockLeeway)): // a clock is wrong, not the token
		return nil, seal.Contents{}, busy()
	case application == nil, !now.Before(contents.ExpiresAt):
		return nil, seal.Contents{}, invalid()
	case !isSecret(application, contents.SecretID[:], now):
		return nil, seal.Contents{}, invalid()
	case application.IsDisabled:
		return nil, seal.Contents{}, &models.Error{Reason: models.ReasonApplicationDisabled}
	}

	hasEnded, err := d.HasEnded(application, contents.ApplicationEpoch, contents.StartedAt)
	if err != nil || hasEnded {
		return nil, seal.Contents{}, cmp.Or(err, invalid())
	}
	hasEnded, err = d.hasEndedEarly(contents.SessionID)
	if err != nil || hasEnded {
		return nil, seal.Contents{}, cmp.Or(err, invalid())
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
	case d.Keys.MayBeToken(err, now):
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

// isSecret reports whether the hash of one of the application's valid secrets begins with start.
func isSecret(application *models.Application, start []byte, now time.Time) bool {
	begins := func(hash []byte) bool {
		return len(hash) >= len(start) && subtle.ConstantTimeCompare(hash[:len(start)], start) == 1
	}
	isCurrent, isPrevious := begins(application.SecretHash), begins(application.PreviousSecretHash)

	until := application.PreviousSecretUntil
	return isCurrent || isPrevious && until != nil && now.Before(*until)
}
