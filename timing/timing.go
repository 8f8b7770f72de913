// Package timing holds the durations that must fit together across packages. Its test says which
// rules they must follow, and why. A duration that matters to only one package stays there.
package timing

import "time"

// ClockLeeway is how far the clocks of two servers may differ without harm. So a token may have
// been issued that far in the future. Expirations have no leeway.
const ClockLeeway = 5 * time.Second

// How servers learn of changes from the database.
const (
	// KeysetsPoll is how often a server reads the keysets.
	KeysetsPoll = 2 * time.Second
	// ApplicationsPoll is how often a server reads the applications.
	ApplicationsPoll = 2 * time.Second
	// EndedPoll is how often a server asks which sessions have ended.
	EndedPoll = 250 * time.Millisecond
	// PollTimeout limits one such look, including the decryption of new keysets.
	PollTimeout = 10 * time.Second
	// KMSTimeout limits a call to a key management service. That includes two retries by its
	// client, with pauses of up to 6 seconds together.
	KMSTimeout = 8 * time.Second
)

// The life of a keyset: published, used, replaced, deleted.
const (
	// KeysetsComplete is how long keysets are certainly complete after a look, because every keyset
	// is published longer than that before it is used. After that, a server that has not looked
	// again answers BUSY to a token with an unknown key.
	KeysetsComplete = 5 * time.Second
	// LeastKeyNotice is how long a keyset must be published before it is used.
	LeastKeyNotice = 15 * time.Second
	// KeyNotice is how long a keyset is published before it is used, unless the operator chooses
	// another time. It can be short for a keyset that seals, because only replicas need that.
	KeyNotice = time.Minute
	// LeastKeyRotation is the least age at which keysets are replaced automatically. It limits
	// their number, because old ones stay for LeastSealLife.
	LeastKeyRotation = 24 * time.Hour
	// LeastSealLife and LeastSignLife are how long an old keyset is kept at least. Lifetimes may
	// have been longer when it was in use, and a command does not know the servers' settings.
	LeastSealLife = 90 * 24 * time.Hour
	LeastSignLife = 24 * time.Hour
	// KeyRetireLeeway is how much longer than its tokens an old keyset is kept.
	KeyRetireLeeway = 10 * time.Minute
	// JWKSMaxAge is how long the public keys may be cached.
	JWKSMaxAge = 30 * time.Second
)

// How servers learn that a session has ended.
const (
	// EndedLateness is how long after its EndedAt an ended session may become visible, because its
	// transaction took that long.
	EndedLateness = 30 * time.Second
	// ClocksApart is how far the clocks of database nodes may differ. A session's EndedAt is the
	// time of the node that ended it.
	ClocksApart = 24 * time.Hour
	// WideLook is how often a server asks for all sessions that have ended within ClocksApart.
	WideLook = time.Minute
	// PurgeMargin is how much longer than its tokens a session's row is kept at least. If a clock
	// was wrong, purging may be that far ahead of the true time.
	PurgeMargin = 24 * time.Hour
)

// The feed of revoked tickets.
const (
	// FeedAge is the age at which the feed is signed anew, even if nothing has changed.
	FeedAge = 30 * time.Second
	// FeedStale is how long after the last look at the database the feed is still signed anew.
	// Later, a new date would make old contents look current.
	FeedStale = 10 * time.Second
	// FeedLifetime is how long a signed feed is valid.
	FeedLifetime = 2 * time.Minute
	// FeedMaxAge is how long the feed may be cached.
	FeedMaxAge = time.Second
)

// What package verify does in other programs. It imports no package of this module, so it repeats
// these durations, and its test compares them.
const (
	// VerifierLeeway is how far its clock may differ from the server's.
	VerifierLeeway = 5 * time.Second
	// VerifierTimeout limits a request to the server.
	VerifierTimeout = 3 * time.Second
	// VerifierKeysAge is the age at which it fetches the keys anew.
	VerifierKeysAge = 30 * time.Second
	// VerifierKeysPause is how long after fetching the keys it rejects unknown keys without asking
	// again.
	VerifierKeysPause = 5 * time.Second
	// VerifierFeedPoll is how often it asks for the feed, unless its settings say otherwise.
	VerifierFeedPoll = 500 * time.Millisecond
	// VerifierFeedRetry is the longest pause after it failed to read the feed.
	VerifierFeedRetry = 5 * time.Second
	// VerifierLeastFeedAge is the lowest limit that its settings may put on the age of the feed.
	VerifierLeastFeedAge = time.Minute
)
