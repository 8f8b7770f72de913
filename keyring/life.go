package keyring

import (
	"time"

	"github.com/authtickets/authtickets/models"
)

// How long what was made under a keyset lives, at the least. The settings may have been longer when
// a keyset was in use than they are now, and a command knows only its own.
const (
	leastSealLife = 90 * 24 * time.Hour
	leastSignLife = 24 * time.Hour
)

// life returns how long what was made under a keyset of a purpose may live, for any application.
// The longest-lived thing that is sealed is a refresh token, which lives no longer than its session.
// What is signed is an access token.
func (r *Ring) life(purpose models.KeyPurpose) time.Duration {
	session, access := max(leastSealLife, r.SessionLifetime), max(leastSignLife, r.AccessLifetime)
	if r.Applications != nil {
		for application := range r.Applications() {
			session = max(session, application.SessionLifetime)
			access = max(access, application.AccessLifetime)
		}
	}

	if purpose == models.SignKeys {
		return access
	}
	return session
}
