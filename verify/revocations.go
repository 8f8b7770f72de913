package verify

import "time"

// revocations are the tickets that were revoked before they expired. They never change; new ones
// replace them. Times are in seconds since 1970.
type revocations struct {
	signedAt int64 // when the newest list was signed, or 0
	// sessions are the ended sessions, each with the time at which its last access token expires.
	sessions map[string]int64
	// applications are the enabled applications. Sessions that started before the time given are
	// over.
	applications map[string]int64
}

// names reports whether a shopper's ticket was revoked.
func (r *revocations) names(shopper *Shopper) bool {
	if r.signedAt == 0 {
		return false
	}
	if _, ended := r.sessions[shopper.SessionID]; ended {
		return true
	}

	begin, good := r.applications[shopper.Application]
	return !good || shopper.StartedAt.Unix() < begin
}

// with returns the revocations after another list was read. That list may be older than one that is
// known.
//
// A session stays revoked until its last access token has expired, even if the new list does not
// contain it. The server's replicas learn of an ended session a quarter of a second apart, and
// their clocks can differ by seconds, so one replica's list can lack a session that another's
// contains. An ended session never starts again. The applications come from the newest list.
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

// good reports whether a list is from this issuer and still valid.
func (c *feedClaims) good(settings *Settings, now time.Time) bool {
	issuedAt, expiresAt := instant(c.IssuedAt), instant(c.ExpiresAt)
	return c.Issuer == settings.Issuer && c.Sessions != nil && c.Applications != nil &&
		!issuedAt.IsZero() && !issuedAt.After(now.Add(settings.Leeway)) && now.Before(expiresAt)
}
