package verify

import (
	"context"
	"errors"
	"time"
)

// longestPause is how long Follow waits after the list could not be read several times in a row.
const longestPause = 5 * time.Second

var errFeed = errors.New("the list of revoked tickets is from another issuer, incomplete, expired, or from the future")

// Follow keeps the list of revoked tickets and the keys up to date until the context ends. Without
// it, Verify accepts a jwtAccessToken until it expires. Run it once, in a goroutine.
//
// Follow asks every FeedInterval. The answer has no body if the list is unchanged. If there is no
// answer, or no valid list, revoked tickets stay revoked. Follow then asks less often, down to
// every 5 seconds. MaxFeedAge decides how long Verify accepts tickets meanwhile.
func (v *Verifier) Follow(ctx context.Context) {
	var etag string
	var failed error
	interval := v.settings.FeedInterval
	pause := interval

	for timer := time.NewTimer(0); ; timer.Reset(pause) {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}

		v.keys.refresh(ctx, v.settings.Now())
		next, err := v.readFeed(ctx, etag)
		if ctx.Err() != nil {
			return
		}

		v.logFeed(ctx, failed, err)
		failed = err
		if err == nil {
			etag, pause = next, interval
		} else {
			pause = max(interval, min(2*pause, longestPause))
		}
	}
}

// logFeed is like logChange, except for a list that is too long. Waiting does not help then, so
// logFeed logs the consequence.
func (v *Verifier) logFeed(ctx context.Context, before, after error) {
	switch {
	case !errors.Is(after, errTooLong):
		logChange(ctx, v.log, "list of revoked tickets", before, after)
	case errors.Is(before, errTooLong):
	case v.settings.MaxFeedAge > 0:
		v.log.ErrorContext(ctx, "the list of revoked tickets is too long to be read: "+
			"when the last one is older than MaxFeedAge, every ticket is refused here", "mostBytes", maxFeed)
	default:
		v.log.ErrorContext(ctx, "the list of revoked tickets is too long to be read: "+
			"tickets that are revoked from now on stay valid here until they expire", "mostBytes", maxFeed)
	}
}

// readFeed fetches the list of revoked tickets, unless etag is still current. It returns the ETag
// of the list in use.
func (v *Verifier) readFeed(ctx context.Context, etag string) (string, error) {
	text, next, err := v.server.feed(ctx, etag)
	if err != nil || text == nil {
		return next, err
	}

	now := v.settings.Now()
	var list feedClaims
	if err := v.keys.open(ctx, string(text), "revoked-tickets+jwt", now, &list); err != nil {
		return "", err
	}
	if !list.isValid(&v.settings, now) {
		return "", errFeed
	}

	v.revokedMutex.Lock()
	defer v.revokedMutex.Unlock()

	v.revoked.Store(v.revoked.Load().with(&list))
	return next, nil
}
