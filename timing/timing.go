// Package timing holds the durations on which several packages rely together. Its test says what
// must hold between them, and why. A duration that matters to one package only stays there.
package timing

import "time"

// ClockLeeway is how far the clocks of two servers may be apart without anybody noticing. A token
// may have been issued so far in the future. There is no leeway for expirations.
const ClockLeeway = 5 * time.Second

// How servers learn from the database what others have changed.
const (
	// KeysetsPoll is how often a server looks for keysets.
	KeysetsPoll = 2 * time.Second
	// ApplicationsPoll is how often a server looks for changes of applications.
	ApplicationsPoll = 2 * time.Second
	// EndedPoll is how often a server asks which sessions have ended.
	EndedPoll = 250 * time.Millisecond
	// PollTimeout bounds one look, with the decryption of new keysets.
	PollTimeout = 10 * time.Second
	// KMSTimeout bounds a call of a key management service, with the two repetitions that its
	// client makes. Their pauses take up to 6 seconds together.
	KMSTimeout = 8 * time.Second
)

// The life of a keyset: published, used, replaced, deleted.
const (
	// KeysetsComplete is how long the loaded keysets are guaranteed to be complete. Every keyset is
	// published at least that long before it is used. A server that has not looked for longer
	// answers BUSY to a token under an unknown key.
	KeysetsComplete = 5 * time.Second
	// LeastKeyNotice is how long a keyset must be published before it is used.
	LeastKeyNotice = 15 * time.Second
	// KeyNotice is how long a keyset is published before it is used, unless the operator wants
	// another time. Only replicas need to know a keyset that seals.
	KeyNotice = time.Minute
	// LeastKeyRotation is the least age at which keysets are replaced by themselves. It keeps their
	// number down: an old one stays for LeastSealLife.
	LeastKeyRotation = 24 * time.Hour
	// LeastSealLife and LeastSignLife are how long an old keyset is kept, at least. The settings
	// may have been longer when it was in use than they are now, and a command does not know those
	// of the servers.
	LeastSealLife = 90 * 24 * time.Hour
	LeastSignLife = 24 * time.Hour
	// KeyRetireLeeway is how much longer than its tokens an old keyset is kept.
	KeyRetireLeeway = 10 * time.Minute
	// JWKSMaxAge is how long a copy of the public keys may be kept.
	JWKSMaxAge = 30 * time.Second
)

// How the end of a session becomes known.
const (
	// EndedLateness is how long after the instant that it bears an ended session can become
	// visible. The transaction took that long.
	EndedLateness = 30 * time.Second
	// ClocksApart is how far the clocks of database nodes may be apart. A session that another node
	// has ended bears the instant of that node.
	ClocksApart = 24 * time.Hour
	// WideLook is how often a server asks for all that has ended within ClocksApart.
	WideLook = time.Minute
	// PurgeMargin is how much longer than its tokens a session's row is kept, at least. Purging may
	// run ahead of the true time by as much, after a clock was wrong.
	PurgeMargin = 24 * time.Hour
)

// The feed of revoked tickets.
const (
	// FeedAge is the age at which the feed is signed anew, even if nothing has changed.
	FeedAge = 30 * time.Second
	// FeedStale is how long after the last look at the database the feed is signed anew. Later, a
	// new date would make old contents look like today's.
	FeedStale = 10 * time.Second
	// FeedLifetime is how long a signed feed is good.
	FeedLifetime = 2 * time.Minute
	// FeedMaxAge is how long a copy of the feed may be kept.
	FeedMaxAge = time.Second
)

// What package verify does in other programs. It imports nothing of ours, so it repeats these, and
// its test compares them.
const (
	// VerifierLeeway is the leeway of its clock.
	VerifierLeeway = 5 * time.Second
	// VerifierTimeout bounds a request to the server.
	VerifierTimeout = 3 * time.Second
	// VerifierKeysAge is the age at which it fetches the keys anew.
	VerifierKeysAge = 30 * time.Second
	// VerifierKeysPause is how long after fetching the keys it takes an unknown key for invalid.
	VerifierKeysPause = 5 * time.Second
	// VerifierFeedPoll is how often it asks for the feed, unless its settings say otherwise.
	VerifierFeedPoll = 500 * time.Millisecond
	// VerifierFeedRetry is the longest pause after the feed could not be read.
	VerifierFeedRetry = 5 * time.Second
	// VerifierLeastFeedAge is the least that its settings may allow as the age of the feed.
	VerifierLeastFeedAge = time.Minute
)
