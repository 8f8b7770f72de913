package verify

import "time"

// revocations say which tickets were revoked before they expired. They never change; new ones
// replace them. Times are in seconds since 1970.
type revocations struct {
	signedAt int64 // when the newest list was signed, or 0
	// sessions are the ended sessions, each with the time at which its last access token expires.
	sessions map[string]int64
	// applications are the enabled applications. Tickets of sessions that started before the time
	// of their application are not valid.
	applications map[string]int64
}

// contain reports whether a shopper's ticket was revoked.
func (r *revocations) contain(shopper *Shopper) bool {
	if r.signedAt == 0 {
		return false
	}
	if _, ended := r.sessions[shopper.SessionID]; ended {
		return true
	}

	since, isEnabled := r.applications[shopper.Application]
	return !isEnabled || shopper.StartedAt.Unix() < since
}

// with returns the revocations after another list was read. It takes over the list's map of
// sessions.
//
// A session stays revoked until its last access token has expired, even if the new list does not
// contain it. The lists of two replicas can differ: they notice an ended session up to a quarter of
// a second apart, and their clocks can differ by seconds. So the list may also be older than one
// that was read before. The applications come from the list that was signed last.
func (r *revocations) with(list *feedClaims) *revocations {
	sessions := list.Sessions
	for session, until := range r.sessions {
		if until > list.IssuedAt {
			sessions[session] = max(until, sessions[session])
		}
	}

	if list.IssuedAt < r.signedAt {
		return &revocations{r.signedAt, sessions, r.applications}
	}

	return &revocations{list.IssuedAt, sessions, list.Applications}
}

// feedClaims are the claims of a list of revoked tickets.
type feedClaims struct {
	Issuer       string           `json:"iss"`
	IssuedAt     int64            `json:"iat"`
	ExpiresAt    int64            `json:"exp"`
	Sessions     map[string]int64 `json:"sids"`
	Applications map[string]int64 `json:"applications"`
}

// isValid reports whether a list is complete, from this issuer, and neither expired nor from the
// future.
func (c *feedClaims) isValid(settings *Settings, now time.Time) bool {
	issuedAt, expiresAt := instant(c.IssuedAt), instant(c.ExpiresAt)
	return c.Issuer == settings.Issuer && c.Sessions != nil && c.Applications != nil &&
		!issuedAt.IsZero() && !issuedAt.After(now.Add(settings.Leeway)) && now.Before(expiresAt)
}
