package tickets

import (
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
)

// Introspection is what an access token says, told to somebody else than its holder. The schema's TicketIntrospection is bound to it, and describes its fields. Of a
// token that is not good, all but Active is nil.
type Introspection struct {
	Active                bool
	UserID                *models.ID
	IsAnonymous           *bool
	Application           *string
	Behaviors             []string
	SessionID             *models.ID
	StartedAt             *time.Time
	IssuedAt              *time.Time
	AccessTokenExpiration *time.Time
	AccessTokenRemaining  *time.Duration
}

// Introspect returns what an access token of any application says. Why one is not good is not told (RFC 7662 section 2.2). The caller must have been allowed to ask. The
// reason of its error is BUSY.
func (o *Office) Introspect(accessToken secret.Text) (*Introspection, error) {
	now := o.now()
	contents, err := o.read(seal.Access, accessToken, now)
	if isBusy(err) {
		return nil, err
	}
	application := o.Applications.Find(contents.Application)
	if err != nil || application == nil || application.IsDisabled {
		return &Introspection{}, nil //nolint:nilerr // told as not active
	}
	switch err := o.judge(contents, application, now); {
	case isBusy(err):
		return nil, err
	case err != nil:
		return &Introspection{}, nil //nolint:nilerr // told as not active
	}
	userID, sessionID, remaining := models.ID(contents.UserID), models.ID(contents.SessionID), contents.ExpiresAt.Sub(now)
	return &Introspection{
		Active: true, UserID: &userID, IsAnonymous: &contents.Anonymous, Application: &contents.Application, Behaviors: append([]string{}, contents.Behaviors...), SessionID: &sessionID,
		StartedAt: &contents.StartedAt, IssuedAt: &contents.IssuedAt, AccessTokenExpiration: &contents.ExpiresAt, AccessTokenRemaining: &remaining,
	}, nil
}
