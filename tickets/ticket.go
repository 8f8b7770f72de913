package tickets

import (
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
)

// Ticket is what is handed out. The schema's CustomerAuthTicket is bound to it, and describes its fields.
type Ticket struct {
	AccessToken            secret.Text
	AccessTokenExpiration  time.Time
	AccessTokenLifetime    time.Duration
	RefreshToken           secret.Text
	RefreshTokenExpiration time.Time
	RefreshTokenLifetime   time.Duration
	RefreshAfter           time.Duration
	UserID                 models.ID
	Behaviors              []string
	ClaimedAnonymousUserID *models.ID
	// CustomerAccount is nil where it was not selected.
	CustomerAccount *models.CustomerAccount
}

// ticket makes the ticket of a session's present generation. It is a pure function of the session, the configuration and the keys: the
// same row gives the same ticket, byte for byte, on every server.
func (o *Office) ticket(session *models.Session) (*Ticket, error) {
	contents := seal.Contents{
		Kind: seal.Refresh, Application: session.Application, SessionID: session.ID, Generation: session.Generation,
		UserID: session.UserID, Anonymous: session.IsAnonymous,
		StartedAt: session.StartedAt, IssuedAt: session.RefreshedAt, ExpiresAt: session.ExpiresAt,
	}
	refreshToken, err := o.Keys.Seal(contents)
	if err != nil {
		return nil, err
	}
	contents.Kind, contents.Behaviors = seal.Access, o.Application.Behaviors
	contents.ExpiresAt = o.Policy.accessExpiration(session.RefreshedAt, session.ExpiresAt)
	accessToken, err := o.Keys.Seal(contents)
	if err != nil {
		return nil, err
	}
	lifetime := contents.ExpiresAt.Sub(contents.IssuedAt)
	return &Ticket{
		AccessToken: accessToken, AccessTokenExpiration: contents.ExpiresAt, AccessTokenLifetime: lifetime,
		RefreshToken: refreshToken, RefreshTokenExpiration: session.ExpiresAt, RefreshTokenLifetime: session.ExpiresAt.Sub(session.RefreshedAt),
		RefreshAfter: refreshAfter(lifetime, session.ID[len(session.ID)-1]),
		UserID:       session.UserID, Behaviors: contents.Behaviors,
	}, nil
}

// anonymousAccount stands in for the account of a shopper who has not signed in.
func anonymousAccount(userID models.ID) *models.CustomerAccount {
	return &models.CustomerAccount{UserID: userID, IsAnonymous: true}
}
