package timing_test

import (
	"testing"
	"time"

	"github.com/authtickets/authtickets/timing"
)

// rule is an inequality that must hold.
type rule struct {
	// name says what is compared, in the names of package timing.
	name string
	// less must not exceed more.
	less, more time.Duration
	// reason says what would break otherwise.
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

// A new keyset is not used before everybody knows it.
func TestNewKeysets(t *testing.T) {
	t.Parallel()
	check(t, []rule{
		{
			"ClockLeeway + KeysetsComplete + KeysetsPoll < LeastKeyNotice",
			timing.ClockLeeway + timing.KeysetsComplete + timing.KeysetsPoll + time.Second, timing.LeastKeyNotice,
			`A server whose clock is ahead uses a keyset earlier, by ClockLeeway. Another server may have looked
just before the keyset was published. During KeysetsComplete, it treats its keysets as complete. It
looks again after KeysetsPoll, and the answer takes a moment. If the keyset was in use before that,
this server would reject a valid token as invalid, and the client would discard it.`,
		},
		{
			"2 * KeysetsPoll <= KeysetsComplete", 2 * timing.KeysetsPoll, timing.KeysetsComplete,
			`One look that is late or fails must not make a server unsure. It would answer BUSY to every forged
token, instead of TOKEN_INVALID.`,
		},
		{
			"LeastKeyNotice <= KeyNotice", timing.LeastKeyNotice, timing.KeyNotice,
			"The default must be allowed.",
		},
		{
			"KeyNotice <= LeastKeyRotation", timing.KeyNotice, timing.LeastKeyRotation,
			"A keyset must be in use before the next one is made. Otherwise none would ever be used.",
		},
		{
			"KMSTimeout < PollTimeout", timing.KMSTimeout + time.Second, timing.PollTimeout,
			`A new keyset is decrypted during a look. If the look ended first, a slow key service would
keep the server from ever learning the keyset.`,
		},
		{
			"ClockLeeway + KeysetsPoll + VerifierKeysPause < LeastKeyNotice",
			timing.ClockLeeway + timing.KeysetsPoll + timing.VerifierKeysPause + time.Second, timing.LeastKeyNotice,
			`A verifier that meets an unknown key fetches the keys, but only VerifierKeysPause after it last did.
If a keyset was in use that soon after it reached the server, the verifier would reject a valid JWT.`,
		},
		{
			"KeysetsPoll + JWKSMaxAge < LeastKeyRotation",
			timing.KeysetsPoll + timing.JWKSMaxAge + timing.VerifierKeysAge, timing.LeastKeyRotation,
			"A program that caches the public keys must get the next ones before the ones after those are in use.",
		},
	})
}

// A keyset is kept until everything that was made with it has expired.
func TestOldKeysets(t *testing.T) {
	t.Parallel()
	check(t, []rule{
		{
			"2 * ClockLeeway <= KeyRetireLeeway", 2 * timing.ClockLeeway, timing.KeyRetireLeeway,
			`A server whose clock is behind uses the old keyset longer, by ClockLeeway. The clock of the server
that deletes it may be that much ahead.`,
		},
		{
			"KeyRetireLeeway <= PurgeMargin", timing.KeyRetireLeeway, timing.PurgeMargin,
			`A keyset is deleted only after purging has reached its time, and a row is purged PurgeMargin after
its tokens expire. So the limit of purging decides, and not the clock of one server.`,
		},
		{
			"JWKSMaxAge + ClockLeeway <= KeyRetireLeeway",
			timing.JWKSMaxAge + timing.ClockLeeway, timing.KeyRetireLeeway,
			"Cached public keys must not lose a key while a JWT that it signed is valid.",
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
			"What one wide look has missed must still be within reach of the next.",
		},
		{
			"ClocksApart <= PurgeMargin", timing.ClocksApart, timing.PurgeMargin,
			`A wide look finds what has ended within ClocksApart. If a row was purged earlier, the access tokens
of the session would be valid again. And purging may be ahead by as much as clocks differ.`,
		},
		{
			"EndedLateness <= WideLook", timing.EndedLateness, timing.WideLook,
			"The next wide look finds transactions that took longer than EndedLateness.",
		},
		{
			"EndedLateness >= PollTimeout", timing.PollTimeout, timing.EndedLateness,
			`A look asks for what has ended since the look before, less EndedLateness. A slow look must leave no gap.`,
		},
	})
}

// A verifier never uses an old feed, and gets each new one in time.
func TestFeed(t *testing.T) {
	t.Parallel()
	const journey = timing.FeedMaxAge + timing.VerifierFeedPoll + timing.VerifierTimeout
	check(t, []rule{
		{
			"EndedPoll << FeedStale", 10 * timing.EndedPoll, timing.FeedStale,
			"A few failed looks must not stop the feed.",
		},
		{
			"FeedStale < FeedAge", timing.FeedStale, timing.FeedAge,
			`A feed is dated when it is signed, and its contents are up to FeedStale older. That must be small
compared to its age, which is all that a verifier sees.`,
		},
		{
			"FeedAge + journey + ClockLeeway <= VerifierLeastFeedAge",
			timing.FeedAge + journey + timing.ClockLeeway, timing.VerifierLeastFeedAge,
			`Without changes the feed is signed every FeedAge. A verifier that accepts no older feed must
not refuse every ticket just before it gets the next feed.`,
		},
		{
			"FeedAge + VerifierFeedRetry + journey <= VerifierLeastFeedAge",
			timing.FeedAge + timing.VerifierFeedRetry + journey, timing.VerifierLeastFeedAge,
			"One failed request must not make a verifier refuse every ticket either.",
		},
		{
			"VerifierLeastFeedAge < FeedLifetime", timing.VerifierLeastFeedAge + journey, timing.FeedLifetime,
			"A feed must not expire while a verifier would still accept its age.",
		},
		{
			"VerifierLeeway = ClockLeeway", timing.ClockLeeway, timing.VerifierLeeway,
			"A verifier must accept a feed or a JWT from a server whose clock is ahead, as other servers do.",
		},
	})
}

// What the documents and commands promise happens in time.
func TestPromises(t *testing.T) {
	t.Parallel()
	check(t, []rule{
		{
			"ApplicationsPoll < 5s", 2 * timing.ApplicationsPoll, 5 * time.Second,
			"The command line says that every server knows a change of an application within 5 seconds.",
		},
	})
}
