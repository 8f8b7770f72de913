package keyring

import (
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/timing"
)

// life returns how long what was made under a keyset of a purpose may live, for any application.
// The longest-lived thing that is sealed is a refresh token, which lives no longer than its
// session. What is signed is an access token.
func (r *Ring) life(purpose models.KeyPurpose) time.Duration {
	session, access := max(timing.LeastSealLife, r.SessionLifetime), max(timing.LeastSignLife, r.AccessLifetime)
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
