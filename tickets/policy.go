package tickets

import (
	"cmp"
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/timing"
)

// Policy is how long things last. All its durations are positive but Lockout, which may be zero.
type Policy struct {
	// AccessLifetime is how long an access token lives.
	AccessLifetime time.Duration
	// RefreshLifetime is how long a customer's refresh token lives, and AnonymousRefreshLifetime an anonymous shopper's. Each refresh starts it anew.
	RefreshLifetime          time.Duration
	AnonymousRefreshLifetime time.Duration
	// SessionLifetime is how long a session lives at most, however often it is refreshed. No token outlives its session.
	SessionLifetime time.Duration
	// ReuseWindow is how long a refresh token that was used gives the same ticket again, whoever
	// asks.
	ReuseWindow time.Duration
	// DatabaseLag is how far a node of the database may lag behind the others. A token that is
	// younger than that may be ahead of what a node shows.
	DatabaseLag time.Duration
	// SessionsPerCustomer is how many sessions of one customer go on at a time, at most.
	SessionsPerCustomer int

	// GuessesPerSource is how many wrong passwords one source may send for one name within GuessWindow before it must wait for its end.
	GuessesPerSource int
	GuessWindow      time.Duration
	// GuessesPerSourceAndDay is how many wrong passwords one source may send for one name in a day.
	GuessesPerSourceAndDay int
	// GuessesPerAccount is how many wrong passwords, from several strangers and without a right one
	// between, lock one name of an account. One source counts for GuessesPerSource of them.
	GuessesPerAccount int
	// GuessesPerDay is how many wrong passwords strangers may send for one account in a day, from
	// however many sources. Each of its two names has half.
	GuessesPerDay int
	// GuessesOfSource is how many wrong passwords one source may send for all names together within GuessWindow.
	GuessesOfSource int
	// RowsPerSource is how many anonymous shoppers of one source may refresh or end their first
	// ticket in a minute. Only then is their session written.
	RowsPerSource int
	// Lockout is how long such a lock lasts; 0 means until an operator ends it.
	Lockout time.Duration
	// RefusalStep is the distance of the instants at which a wrong password is answered; 0 means at
	// once.
	RefusalStep time.Duration
}

// of returns the policy for an application, whose lifetimes take the place of the server's.
func (p Policy) of(application *models.Application) Policy {
	p.AccessLifetime = cmp.Or(application.AccessLifetime, p.AccessLifetime)
	p.RefreshLifetime = cmp.Or(application.RefreshLifetime, p.RefreshLifetime)
	p.AnonymousRefreshLifetime = cmp.Or(application.AnonymousRefreshLifetime, p.AnonymousRefreshLifetime)
	p.SessionLifetime = cmp.Or(application.SessionLifetime, p.SessionLifetime)
	return p
}

// alive judges a token of either kind by its instants, and returns nil when it is good. The reason
// is TOKEN_EXPIRED, or BUSY for a token from the future: one of the clocks is wrong, not the token.
func alive(contents seal.Contents, now time.Time) error {
	switch {
	case contents.IssuedAt.After(now.Add(timing.ClockLeeway)):
		return busy()
	case !now.Before(contents.ExpiresAt):
		return &models.Error{Reason: models.ReasonTokenExpired}
	default:
		return nil
	}
}

// refreshExpiration is when a refresh token issued now expires.
func (p Policy) refreshExpiration(anonymous bool, startedAt, now time.Time) time.Time {
	lifetime := p.RefreshLifetime
	if anonymous {
		lifetime = p.AnonymousRefreshLifetime
	}
	return earlier(now.Add(lifetime), startedAt.Add(p.SessionLifetime))
}

// accessExpiration is when the access token beside a refresh token expires: never after it.
func (p Policy) accessExpiration(issuedAt, refreshExpiration time.Time) time.Time {
	return earlier(issuedAt.Add(p.AccessLifetime), refreshExpiration)
}

// refreshAfter returns when a client should refresh: after 70 to 85 % of the access token's
// lifetime, spread evenly by a byte of chance. Clients get it in whole seconds. It is rounded to
// the nearest one, because rounding down would cost short tickets a third more refreshes. It is at
// least a second before the end.
func refreshAfter(lifetime time.Duration, chance byte) time.Duration {
	exact := lifetime*70/100 + lifetime*15/100*time.Duration(chance)/255
	return max(0, min(exact.Round(time.Second), lifetime-time.Second))
}

// lockUntil is when a lock that begins now ends.
func (p Policy) lockUntil(now, forever time.Time) time.Time {
	if p.Lockout == 0 {
		return forever
	}
	return now.Add(p.Lockout)
}

// guessesPerNameAndDay is how many wrong passwords strangers may send for one name in a day. An
// account can have two names, and half for each.
func (p Policy) guessesPerNameAndDay() int { return max(1, p.GuessesPerDay/NamesPerAccount) }

// NamesPerAccount is how many names an account can have: a user name and an e-mail address.
const NamesPerAccount = 2

// waits returns how long a source must wait before its next guess, given its count of wrong ones; zero when it need not.
func (p Policy) waits(failures int, since, now time.Time) time.Duration {
	if failures < p.GuessesPerSource {
		return 0
	}
	return max(0, since.Add(p.GuessWindow).Sub(now))
}

// purgeAt is the beginning of a day by which a token has expired on every server.
func purgeAt(expiration time.Time) time.Time {
	const day = 24 * time.Hour
	return expiration.Add(timing.PurgeMargin + day).Truncate(day)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
