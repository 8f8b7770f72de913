package verify

import (
	"context"
	"errors"
	"time"
)

// mostPause is the longest pause after the feed could not be read, several times in a row.
const mostPause = 5 * time.Second

var errFeed = errors.New("the list of revoked tickets is of another issuer, has expired, or is from the future")

// Follow keeps the list of revoked tickets up to date, and the keys, until the context ends. Without it Verify believes a jwtAccessToken until it expires. Run it once, in a goroutine.
//
// It asks every FeedInterval; an unchanged list is an answer without a body. While the server does not answer, or with a list that is not signed by it, what was revoked stays revoked,
// Follow asks less often, every 5 seconds at last, and MaxFeedAge decides how long Verify goes on without.
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
			pause = max(interval, min(2*pause, mostPause))
		}
	}
}

// logFeed is logChange, but for a list that is too long: waiting does not mend that, so what follows is told.
func (v *Verifier) logFeed(ctx context.Context, before, after error) {
	switch {
	case !errors.Is(after, errTooLong):
		logChange(ctx, v.log, "list of revoked tickets", before, after)
	case errors.Is(before, errTooLong):
	case v.settings.MaxFeedAge > 0:
		v.log.ErrorContext(ctx, "the list of revoked tickets is too long to be read: when the last one is older than MaxFeedAge, every ticket is refused here", "mostBytes", maxFeed)
	default:
		v.log.ErrorContext(ctx, "the list of revoked tickets is too long to be read: tickets that are revoked from now on stay good here until they expire", "mostBytes", maxFeed)
	}
}

// readFeed takes over the list of revoked tickets, unless it is still the one with this ETag, and returns the ETag of the one that is known now.
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
	if !list.good(&v.settings, now) {
		return "", errFeed
	}
	v.revokedMutex.Lock()
	defer v.revokedMutex.Unlock()
	v.revoked.Store(v.revoked.Load().with(&list))
	return next, nil
}
