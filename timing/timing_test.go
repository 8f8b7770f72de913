package timing_test

import (
	"testing"
	"time"

	"github.com/authtickets/authtickets/timing"
)

// rule is an inequality on which something relies.
type rule struct {
	// name says what is compared, in the names of package timing.
	name string
	// less must not be more than more.
	less, more time.Duration
	// reason is what would break.
	reason string
}

// check fails for each rule that does not hold.
func check(t *testing.T, rules []rule) {
	t.Helper()
	for _, r := range rules {
		if r.less > r.more {
			t.Errorf("%s: %s is more than %s.\n%s", r.name, r.less, r.more, r.reason)
		}
	}
}

// A new keyset is in use when everybody knows it, and not before.
func TestNewKeysets(t *testing.T) {
	t.Parallel()
	check(t, []rule{
		{
			"ClockLeeway + KeysetsComplete + KeysetsPoll < LeastKeyNotice",
			timing.ClockLeeway + timing.KeysetsComplete + timing.KeysetsPoll + time.Second, timing.LeastKeyNotice,
			`A server whose clock is ahead uses a keyset earlier by ClockLeeway. Another that looked just before
the keyset was published takes its own keysets for complete during KeysetsComplete. It looks again
after KeysetsPoll, and the answer takes a moment. If the keyset was in use before, that server
would call a good token invalid, and the client would throw it away.`,
		},
		{
			"2 * KeysetsPoll <= KeysetsComplete", 2 * timing.KeysetsPoll, timing.KeysetsComplete,
			`One look that is late or fails must not make a server unsure: it would answer BUSY to every token
of a stranger, instead of TOKEN_INVALID.`,
		},
		{
			"LeastKeyNotice <= KeyNotice", timing.LeastKeyNotice, timing.KeyNotice,
			"What is done without being asked must be allowed.",
		},
		{
			"KeyNotice <= LeastKeyRotation", timing.KeyNotice, timing.LeastKeyRotation,
			"A keyset must be in use before the next one is made. Otherwise none would ever be used.",
		},
		{
			"KMSTimeout < PollTimeout", timing.KMSTimeout + time.Second, timing.PollTimeout,
			`A new keyset is decrypted during a look. If the look ended first, a key service that is slow but
well would keep the server from ever knowing the keyset.`,
		},
		{
			"ClockLeeway + KeysetsPoll + VerifierKeysPause < LeastKeyNotice",
			timing.ClockLeeway + timing.KeysetsPoll + timing.VerifierKeysPause + time.Second, timing.LeastKeyNotice,
			`A verifier that meets an unknown key fetches the keys, but only VerifierKeysPause after it last did.
If a keyset was in use within that time after it reached the server, the verifier would call a good
JWT invalid.`,
		},
		{
			"KeysetsPoll + JWKSMaxAge < LeastKeyRotation",
			timing.KeysetsPoll + timing.JWKSMaxAge + timing.VerifierKeysAge, timing.LeastKeyRotation,
			"Whoever keeps the public keys must have the next ones before those after them are in use.",
		},
	})
}

// A keyset is kept until nothing that was made under it can live.
func TestOldKeysets(t *testing.T) {
	t.Parallel()
	check(t, []rule{
		{
			"2 * ClockLeeway <= KeyRetireLeeway", 2 * timing.ClockLeeway, timing.KeyRetireLeeway,
			`A server whose clock is behind uses the old keyset for ClockLeeway longer, and the server that
deletes it may be as much ahead.`,
		},
		{
			"KeyRetireLeeway <= PurgeMargin", timing.KeyRetireLeeway, timing.PurgeMargin,
			`A keyset is deleted no earlier than purging has come, and a row is purged PurgeMargin after its
tokens. So the limit of purging, not the clock of one server, says when a keyset may go.`,
		},
		{
			"JWKSMaxAge + ClockLeeway <= KeyRetireLeeway",
			timing.JWKSMaxAge + timing.ClockLeeway, timing.KeyRetireLeeway,
			"A copy of the public keys must not forget a key while a JWT under it lives.",
		},
		{
			"LeastSignLife <= LeastSealLife", timing.LeastSignLife, timing.LeastSealLife,
			"An access token lives no longer than its session.",
		},
	})
}

// The end of a session is known on every server within a second.
func TestEndedSessions(t *testing.T) {
	t.Parallel()
	check(t, []rule{
		{
			"3 * EndedPoll < 1s", 3 * timing.EndedPoll, time.Second - timing.EndedPoll,
			"docs/decisions/0025 promises a second. One look in three may fail.",
		},
		{
			"WideLook <= ClocksApart", timing.WideLook, timing.ClocksApart,
			"What one wide look has missed must still be within the next.",
		},
		{
			"ClocksApart <= PurgeMargin", timing.ClocksApart, timing.PurgeMargin,
			`A wide look finds what has ended within ClocksApart. If a row was purged before, the access tokens
of the session would be good again. And purging may run ahead by as much as clocks are apart.`,
		},
		{
			"EndedLateness <= WideLook", timing.EndedLateness, timing.WideLook,
			"A transaction that takes longer than EndedLateness is found by the next wide look.",
		},
		{
			"EndedLateness >= PollTimeout", timing.PollTimeout, timing.EndedLateness,
			`A look asks from the instant of the one before, less EndedLateness. A slow look must leave no gap.`,
		},
	})
}

// A verifier never works with an old feed, and has a new one in time.
func TestFeed(t *testing.T) {
	t.Parallel()
	const journey = timing.FeedMaxAge + timing.VerifierFeedPoll + timing.VerifierTimeout
	check(t, []rule{
		{
			"EndedPoll << FeedStale", 10 * timing.EndedPoll, timing.FeedStale,
			"Some looks that fail must not stop the feed.",
		},
		{
			"FeedStale < FeedAge", timing.FeedStale, timing.FeedAge,
			`A feed is dated when it is signed, and its contents are up to FeedStale older. That must be little
against its age, which is all that a verifier sees.`,
		},
		{
			"FeedAge + journey + ClockLeeway <= VerifierLeastFeedAge",
			timing.FeedAge + journey + timing.ClockLeeway, timing.VerifierLeastFeedAge,
			`Without changes the feed is signed every FeedAge. A verifier that allows no older one must not
refuse every ticket just before it gets the next.`,
		},
		{
			"FeedAge + VerifierFeedRetry + journey <= VerifierLeastFeedAge",
			timing.FeedAge + timing.VerifierFeedRetry + journey, timing.VerifierLeastFeedAge,
			"One failed request must not make a verifier refuse every ticket either.",
		},
		{
			"VerifierLeastFeedAge < FeedLifetime", timing.VerifierLeastFeedAge + journey, timing.FeedLifetime,
			"A feed must not expire on its way while a verifier would still take it for young.",
		},
		{
			"VerifierLeeway = ClockLeeway", timing.ClockLeeway, timing.VerifierLeeway,
			"A feed or a JWT from a server whose clock is ahead must be believed, as among servers.",
		},
	})
}

// What an operator is told to wait for has happened by then.
func TestPromises(t *testing.T) {
	t.Parallel()
	check(t, []rule{
		{
			"ApplicationsPoll < 5s", 2 * timing.ApplicationsPoll, 5 * time.Second,
			"The command line says that every server knows a change of an application within 5 seconds.",
		},
	})
}
