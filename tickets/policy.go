package tickets

import (
	"cmp"
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/timing"
)

// Policy says how long things last, and how often they may happen. All its durations are positive,
// except that Lockout and RefusalStep may be zero.
type Policy struct {
	// AccessLifetime is how long an access token lives.
	AccessLifetime time.Duration
	// RefreshLifetime is how long a customer's refresh token lives, and AnonymousRefreshLifetime
	// how long an anonymous shopper's. Each refresh begins a new lifetime.
	RefreshLifetime          time.Duration
	AnonymousRefreshLifetime time.Duration
	// SessionLifetime is how long a session lives at most, no matter how often it is refreshed. No
	// token outlives its session.
	SessionLifetime time.Duration
	// ReuseWindow is how long a used refresh token gets the same ticket again, no matter who sends
	// it.
	ReuseWindow time.Duration
	// DatabaseLag is how far a database node may lag behind the others. A node may not show yet
	// what a younger token implies.
	DatabaseLag time.Duration
	// SessionsPerCustomer is how many living sessions a customer may have.
	SessionsPerCustomer int

	// GuessesPerSource is how many wrong passwords one source may send for one name within
	// GuessWindow. Then it must wait until the window ends.
	GuessesPerSource int
	GuessWindow      time.Duration
	// GuessesPerSourceAndDay is how many wrong passwords one source may send for one name in a day.
	GuessesPerSourceAndDay int
	// GuessesPerAccount is how many wrong passwords from strangers, without a right one in between,
	// lock one name of an account. At most GuessesPerSource of one source count.
	GuessesPerAccount int
	// GuessesPerDay is how many wrong passwords strangers may send for one account in a day, from
	// all sources together. Half of it is for each of the account's two names.
	GuessesPerDay int
	// GuessesOfSource is how many wrong passwords one source may send for all names together within
	// GuessWindow.
	GuessesOfSource int
	// RowsPerSource is how many anonymous shoppers of one source may refresh or end their first
	// ticket in a minute. Only then is their session written.
	RowsPerSource int
	// Lockout is how long a lock by GuessesPerAccount lasts. 0 means until an operator ends it.
	Lockout time.Duration
	// RefusalStep hides how long a refused sign-in takes: its answer comes after a whole number of
	// these steps. 0 means that it comes at once.
	RefusalStep time.Duration
}

// of returns the policy for an application, whose own lifetimes override the server's.
func (p Policy) of(application *models.Application) Policy {
	p.AccessLifetime = cmp.Or(application.AccessLifetime, p.AccessLifetime)
	p.RefreshLifetime = cmp.Or(application.RefreshLifetime, p.RefreshLifetime)
	p.AnonymousRefreshLifetime = cmp.Or(application.AnonymousRefreshLifetime, p.AnonymousRefreshLifetime)
	p.SessionLifetime = cmp.Or(application.SessionLifetime, p.SessionLifetime)
	return p
}

// alive checks when a token of either kind was issued and when it expires. The reason of its error
// is TOKEN_EXPIRED, or BUSY for a token from the future: then a clock is wrong, not the token.
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

// refreshExpiration returns when a refresh token that is issued now expires.
func (p Policy) refreshExpiration(anonymous bool, startedAt, now time.Time) time.Time {
	lifetime := p.RefreshLifetime
	if anonymous {
		lifetime = p.AnonymousRefreshLifetime
	}
	return earlier(now.Add(lifetime), startedAt.Add(p.SessionLifetime))
}

// accessExpiration returns when the access token of a ticket expires. That is never after the
// refresh token.
func (p Policy) accessExpiration(issuedAt, refreshExpiration time.Time) time.Time {
	return earlier(issuedAt.Add(p.AccessLifetime), refreshExpiration)
}

// refreshAfter returns when a client should refresh: after 70 to 85 % of the access token's
// lifetime, spread evenly by a random byte. Clients get whole seconds, so the result is rounded. It
// is at least one second before the end. Always rounding down would make clients with short tickets
// refresh far more often.
func refreshAfter(lifetime time.Duration, chance byte) time.Duration {
	exact := lifetime*70/100 + lifetime*15/100*time.Duration(chance)/255
	return max(0, min(exact.Round(time.Second), lifetime-time.Second))
}

// lockUntil returns when a lock that begins now ends.
func (p Policy) lockUntil(now, forever time.Time) time.Time {
	if p.Lockout == 0 {
		return forever
	}
	return now.Add(p.Lockout)
}

// guessesPerNameAndDay returns how many wrong passwords strangers may send for one name in a day.
func (p Policy) guessesPerNameAndDay() int { return max(1, p.GuessesPerDay/NamesPerAccount) }

// NamesPerAccount is how many names an account can have: a user name and an e-mail address.
const NamesPerAccount = 2

// waits returns how long a source must wait before its next guess; zero if it need not wait.
// failures is how many wrong passwords it has sent since its window began.
func (p Policy) waits(failures int, since, now time.Time) time.Duration {
	if failures < p.GuessesPerSource {
		return 0
	}
	return max(0, since.Add(p.GuessWindow).Sub(now))
}

// purgeAt returns the beginning of a day by which a token has expired on every server.
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
