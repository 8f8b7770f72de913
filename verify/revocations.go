package verify

import "time"

// revocations are the tickets that were revoked before they expired. They never change; others take their place. Instants are in seconds since 1970.
type revocations struct {
	signedAt int64 // when the newest list was signed; 0 before the first
	// sessions are those that have ended, each with when its last access token has expired.
	sessions map[string]int64
	// applications are those whose tickets are good, each with the instant before which its sessions are over.
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

// with returns the revocations after one more list, which may be older than one that is known.
//
// A session stays revoked until its last access token has expired, whichever list has it. The server's replicas learn of an ended session a quarter of a second apart, and their clocks
// are seconds apart, so that a list of one can miss what another's has; and a session that has ended never comes back. Of the applications the newest list tells.
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

// feedClaims are what a list of revoked tickets says.
type feedClaims struct {
	Issuer       string           `json:"iss"`
	IssuedAt     int64            `json:"iat"`
	ExpiresAt    int64            `json:"exp"`
	Sessions     map[string]int64 `json:"sids"`
	Applications map[string]int64 `json:"applications"`
}

// good reports whether a list is of this issuer, and of now.
func (c *feedClaims) good(settings *Settings, now time.Time) bool {
	issuedAt, expiresAt := instant(c.IssuedAt), instant(c.ExpiresAt)
	return c.Issuer == settings.Issuer && c.Sessions != nil && c.Applications != nil &&
		!issuedAt.IsZero() && !issuedAt.After(now.Add(settings.Leeway)) && now.Before(expiresAt)
}
