package keyring

import (
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/timing"
)

// life returns the longest lifetime that a token of any application can have, by the purpose of the
// keyset that it was made with. Sealed tokens live at most as long as their session. Signed ones
// are access tokens.
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
