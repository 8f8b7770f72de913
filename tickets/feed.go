package tickets

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/authtickets/authtickets/timing"
)

// feedType is the type of the feed of revoked tickets.
const feedType = "revoked-tickets+jwt"

// feedClaims are the contents of the feed. Instants are in seconds since 1970.
type feedClaims struct {
	Issuer    string `json:"iss"`
	IssuedAt  int64  `json:"iat"`
	ExpiresAt int64  `json:"exp"`
	// Sessions has the sessions that have ended. The value is when the last access token expires.
	Sessions map[string]int64 `json:"sids"`
	// Applications has the applications that are not disabled. Tickets of all other applications
	// are not valid, and neither are those of sessions that began before the value.
	Applications map[string]int64 `json:"applications"`
}

// signedFeed is the feed as it was last signed.
type signedFeed struct {
	mutex     sync.Mutex
	text, tag string
	signedAt  time.Time
	// sessions and applications are the versions of its contents.
	sessions, applications int64
}

// signed returns the feed and its tag. It signs the feed again if something has changed, or if the
// last one is too old. The reason of its error is BUSY.
func (r *revocations) signed() (text, tag string, err error) {
	now := r.clocks.now()
	r.feed.mutex.Lock()
	defer r.feed.mutex.Unlock()

	sessions, applications := r.ended.currentVersion(), r.applications.Version()
	if sessions == 0 || applications == 0 {
		return "", "", busy() // nothing was read from the database yet
	}

	isSame := sessions == r.feed.sessions && applications == r.feed.applications
	age := now.Sub(r.feed.signedAt) // negative if the clock was set back
	isFresh := isSame && age >= 0 && age < timing.FeedAge
	// A new date would make old contents look current.
	isStale := now.Sub(r.ended.lastLookAt()) > timing.FeedStale
	if !isFresh && !isStale {
		if err := r.sign(now); err != nil {
			return "", "", err
		}
		r.feed.sessions, r.feed.applications = sessions, applications
	}

	if r.feed.text == "" || now.Sub(r.feed.signedAt) >= timing.FeedLifetime {
		return "", "", busy()
	}
	return r.feed.text, r.feed.tag, nil
}

// sign signs the feed again. The tag omits the exact instants, so that all servers have the same
// tag for the same contents.
func (r *revocations) sign(now time.Time) error {
	claims := r.claims(now)
	tagged := claims
	tagged.IssuedAt, tagged.ExpiresAt = now.Unix()/int64(timing.FeedAge.Seconds()), 0
	text, err := json.Marshal(tagged) // it sorts the keys of maps
	if err != nil {
		return fmt.Errorf("sign the feed: %w", err)
	}

	signed, err := r.signers.Sign(feedType, claims, now)
	if err != nil {
		return busyUntilLoaded(err)
	}

	sum := sha256.Sum256(text)
	r.feed.text, r.feed.tag, r.feed.signedAt = signed, hex.EncodeToString(sum[:16]), now
	return nil
}

func (r *revocations) claims(now time.Time) feedClaims {
	claims := feedClaims{
		Issuer:       r.issuer,
		IssuedAt:     now.Unix(),
		ExpiresAt:    now.Add(timing.FeedLifetime).Unix(),
		Sessions:     r.ended.expirations(),
		Applications: map[string]int64{},
	}
	for application := range r.applications.All() {
		if !application.IsDisabled {
			claims.Applications[application.ID] = application.SessionsFrom.Unix()
		}
	}
	return claims
}
