package tickets

import (
	"time"

	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
)

// Ticket is what the server hands out. The schema's CustomerAuthTicket is bound to it, and
// describes its fields.
type Ticket struct {
	AccessToken            secret.Text
	AccessTokenExpiration  time.Time
	AccessTokenLifetime    time.Duration
	RefreshToken           secret.Text
	RefreshTokenExpiration time.Time
	RefreshTokenLifetime   time.Duration
	RefreshAfter           time.Duration
	IssuedAt               time.Time
	SessionID              models.ID
	UserID                 models.ID
	IsAnonymous            bool
	Behaviors              []string
	Claim                  ClaimOutcome
	ClaimedAnonymousUserID *models.ID
	// JWTAccessToken is empty if it was not selected.
	JWTAccessToken secret.Text
	// CustomerAccount is nil if it was not selected.
	CustomerAccount *models.CustomerAccount
}

// Selection says what the client selected. Nothing else is read or made.
type Selection struct {
	// Account is what is selected of the account; nil for nothing.
	Account *accounts.Selection
	// JWTAccessToken asks for the access token as a JWT, too.
	JWTAccessToken bool
	// Sessions asks for the sessions of a shopper.
	Sessions bool
}

// ticket makes the ticket of a session's current generation. It depends only on the session, the
// application, the settings and the keys. So the same row gives the same ticket, byte for byte, on
// every server. Only a JWT has a new signature each time.
func (o *Office) ticket(
	application *models.Application, session *models.Session, selection Selection, claim claim,
) (*Ticket, error) {
	contents := seal.Contents{
		Kind:             seal.Refresh,
		Application:      session.Application,
		ApplicationEpoch: session.ApplicationEpoch,
		SessionID:        session.ID,
		Generation:       session.Generation,
		UserID:           session.UserID,
		Anonymous:        session.IsAnonymous,
		StartedAt:        session.StartedAt,
		IssuedAt:         session.RefreshedAt,
		ExpiresAt:        session.ExpiresAt,
	}
	refreshToken, err := o.seal(contents)
	if err != nil {
		return nil, err
	}

	contents.Kind, contents.Behaviors = seal.Access, application.Behaviors
	if session.IsAnonymous {
		contents.Behaviors = application.AnonymousBehaviors
	}
	contents.ExpiresAt = o.Policy.of(application).accessExpiration(session.RefreshedAt, session.ExpiresAt)
	accessToken, err := o.seal(contents)
	if err != nil {
		return nil, err
	}

	lifetime := contents.ExpiresAt.Sub(contents.IssuedAt)
	ticket := &Ticket{
		AccessToken:            accessToken,
		AccessTokenExpiration:  contents.ExpiresAt,
		AccessTokenLifetime:    lifetime,
		RefreshToken:           refreshToken,
		RefreshTokenExpiration: session.ExpiresAt,
		RefreshTokenLifetime:   session.ExpiresAt.Sub(session.RefreshedAt),
		RefreshAfter:           refreshAfter(lifetime, session.ID[len(session.ID)-1]),
		IssuedAt:               session.RefreshedAt,
		SessionID:              session.ID,
		UserID:                 session.UserID,
		IsAnonymous:            session.IsAnonymous,
		Behaviors:              contents.Behaviors,
		Claim:                  claim.outcome,
		ClaimedAnonymousUserID: claim.userID,
	}
	if selection.JWTAccessToken {
		ticket.JWTAccessToken, err = o.sign(application, contents, claim.userID)
	}
	return ticket, err
}

// anonymousAccount returns the account of a shopper who has not signed in. It is not stored.
func anonymousAccount(userID models.ID) *models.CustomerAccount {
	return &models.CustomerAccount{UserID: userID, IsAnonymous: true}
}
