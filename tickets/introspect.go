package tickets

import (
	"context"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
)

// Introspection is what an application learns about an access token. The schema's
// TicketIntrospection is bound to it, and describes its fields. If the token is not valid, all
// fields except Active are nil.
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

// Introspect returns what an access token of any application says. It does not say why a token is
// not valid (RFC 7662 section 2.2). The reasons of its errors are BEHAVIOR_MISSING, BUSY, and those
// of every operation.
func (o *Office) Introspect(
	ctx context.Context, caller *access.Caller, accessToken secret.Text,
) (*Introspection, error) {
	act := access.Act{Name: "ticket.introspect", Needs: access.IntrospectTickets()}
	if err := o.Desk.Check(ctx, caller, act); err != nil {
		return nil, err
	}

	now := o.clocks.now()
	contents, err := o.read(seal.Access, accessToken, now)
	if isBusy(err) {
		return nil, err
	}
	application := o.Applications.Find(contents.Application)
	if err != nil || application == nil || application.IsDisabled {
		return &Introspection{}, nil //nolint:nilerr // the answer is that it is not active
	}

	switch err := o.judge(contents, application, now); {
	case isBusy(err):
		return nil, err
	case err != nil:
		return &Introspection{}, nil //nolint:nilerr // the answer is that it is not active
	}

	userID, sessionID := models.ID(contents.UserID), models.ID(contents.SessionID)
	remaining := contents.ExpiresAt.Sub(now)
	return &Introspection{
		Active:                true,
		UserID:                &userID,
		IsAnonymous:           &contents.Anonymous,
		Application:           &contents.Application,
		Behaviors:             append([]string{}, contents.Behaviors...),
		SessionID:             &sessionID,
		StartedAt:             &contents.StartedAt,
		IssuedAt:              &contents.IssuedAt,
		AccessTokenExpiration: &contents.ExpiresAt,
		AccessTokenRemaining:  &remaining,
	}, nil
}
