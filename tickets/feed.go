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

// feedClaims are what the feed says. Instants are in seconds since 1970.
type feedClaims struct {
	Issuer    string `json:"iss"`
	IssuedAt  int64  `json:"iat"`
	ExpiresAt int64  `json:"exp"`
	// Sessions are those that have ended, each with when its last access token has expired.
	Sessions map[string]int64 `json:"sids"`
	// Applications are those that are not disabled, each with the instant before which its sessions are over. Tickets of any other are no longer good.
	Applications map[string]int64 `json:"applications"`
}

// feed is the list of revoked tickets as it was last signed.
type feed struct {
	mutex       sync.Mutex
	signed, tag string
	signedAt    time.Time
	// sessions and applications are the versions of what it says.
	sessions, applications int64
}

// RevocationFeed returns a signed list of the sessions whose access tokens are no longer good though they have not expired, for those who verify JWTs by themselves. It is a
// JWS, made anew when something has changed. Its tag is the same wherever the same was said at about the same time, though no two signatures are. The reason of its error is BUSY.
func (o *Office) RevocationFeed() (text, tag string, err error) {
	now := o.now()
	o.feed.mutex.Lock()
	defer o.feed.mutex.Unlock()
	sessions, applications := o.ended.currentVersion(), o.Applications.Version()
	if sessions == 0 || applications == 0 {
		return "", "", busy() // nothing has been asked of the database yet
	}
	same := sessions == o.feed.sessions && applications == o.feed.applications &&
		now.Sub(o.feed.signedAt) < timing.FeedAge
	// A new date would make an old set look like today's.
	if stale := now.Sub(o.ended.lastAsked()) > timing.FeedStale; !same && !stale {
		if err := o.signFeed(now); err != nil {
			return "", "", err
		}
		o.feed.sessions, o.feed.applications = sessions, applications
	}
	if o.feed.signed == "" || now.Sub(o.feed.signedAt) >= timing.FeedLifetime {
		return "", "", busy()
	}
	return o.feed.signed, o.feed.tag, nil
}

func (o *Office) signFeed(now time.Time) error {
	claims := o.feedClaims(now)
	said := claims
	said.IssuedAt, said.ExpiresAt = now.Unix()/int64(timing.FeedAge.Seconds()), 0
	text, err := json.Marshal(said) // maps in order of their keys
	if err != nil {
		return fmt.Errorf("sign the feed: %w", err)
	}
	signed, err := o.Signers.Sign(feedType, claims, now)
	if err != nil {
		return busyUntilLoaded(err)
	}
	sum := sha256.Sum256(text)
	o.feed.signed, o.feed.tag, o.feed.signedAt = signed, hex.EncodeToString(sum[:16]), now
	return nil
}

func (o *Office) feedClaims(now time.Time) feedClaims {
	claims := feedClaims{
		Issuer: o.Issuer, IssuedAt: now.Unix(), ExpiresAt: now.Add(timing.FeedLifetime).Unix(),
		Sessions: o.ended.untils(), Applications: map[string]int64{},
	}
	for application := range o.Applications.All() {
		if !application.IsDisabled {
			claims.Applications[application.ID] = application.SessionsFrom.Unix()
		}
	}
	return claims
}
