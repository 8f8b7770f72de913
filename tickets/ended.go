package tickets

import (
	"maps"
	"sync"
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/storage"
	"github.com/authtickets/authtickets/timing"
)

// endedSessions holds the sessions that have ended, until all their access tokens have expired.
// Each takes about 50 bytes.
type endedSessions struct {
	mutex sync.RWMutex
	byID  map[models.ID]endedSession
	// anonymous is how many of them belong to anonymous shoppers.
	anonymous int
	// version counts the changes from 1. It is 0 before the first look.
	version int64
	// lookedAt is when the last look began, by the server's clock and by the database's. Both are
	// zero before the first look.
	lookedAt           time.Time
	lookedAtByDatabase time.Time
	// wideLookAt is when the last wide look began, by the elapsed time.
	wideLookAt time.Duration
}

type endedSession struct {
	reason    models.Reason
	anonymous bool
	// lastExpiration is when the last access token of the session expires.
	lastExpiration time.Time
}

// A stranger can begin and end any number of anonymous sessions. So there is a limit on how many
// are kept, and on how many are read at a time. Sessions beyond it end, too, but their access
// tokens are accepted until they expire. Customers' sessions are fewer, because each needs a
// sign-in.
const (
	mostAnonymous    = 20_000
	anonymousAtATime = 2_000
	mostOfCustomers  = 1_000_000
	customersAtATime = 100_000
)

// endedLook says how to look for ended sessions.
type endedLook struct {
	at moment
	// isFirst means that the look must find everything.
	isFirst bool
	// isWide means that the look goes back as far as clocks may be apart.
	isWide bool
	// since is how far back other looks go, by the database's clock.
	since time.Time
}

// nextLook returns how to look now. If the server's clock was set back, the look must find
// everything, like the first one: tokens that looked expired may be valid again.
func (e *endedSessions) nextLook(now moment) endedLook {
	e.mutex.RLock()
	defer e.mutex.RUnlock()

	isFirst := e.lookedAt.IsZero() || now.wall.Before(e.lookedAt)
	return endedLook{
		at:      now,
		isFirst: isFirst,
		isWide:  isFirst || now.elapsed-e.wideLookAt >= timing.WideLook,
		since:   e.lookedAtByDatabase,
	}
}

// update adds what a look has found, and forgets the sessions whose access tokens have all expired.
// byDatabase is what the database's clock showed. lastExpiration returns when the last access token
// of a session expires.
func (e *endedSessions) update(
	look endedLook, found storage.Ended, byDatabase time.Time,
	lastExpiration func(storage.EndedSession) time.Time,
) {
	e.mutex.Lock()
	defer e.mutex.Unlock()

	now := look.at.wall
	e.forget(now)
	for _, session := range found.Customers {
		e.add(session.ID, endedSession{session.Reason, false, lastExpiration(session)}, now)
	}
	for _, session := range found.Anonymous {
		e.add(session.ID, endedSession{session.Reason, true, lastExpiration(session)}, now)
	}

	e.version = max(1, e.version)
	e.lookedAt, e.lookedAtByDatabase = now, byDatabase
	if look.isWide {
		e.wideLookAt = look.at.elapsed
	}
}

// add adds a session, unless all its access tokens have expired.
func (e *endedSessions) add(id models.ID, ended endedSession, now time.Time) {
	_, isKnown := e.byID[id]
	isTooMany := ended.anonymous && e.anonymous >= mostAnonymous
	if isKnown || isTooMany || !now.Before(ended.lastExpiration) {
		return
	}

	e.byID[id] = ended
	e.version++
	if ended.anonymous {
		e.anonymous++
	}
}

// forget removes the sessions whose access tokens have all expired.
func (e *endedSessions) forget(now time.Time) {
	maps.DeleteFunc(e.byID, func(_ models.ID, ended endedSession) bool {
		isOver := !now.Before(ended.lastExpiration)
		if isOver && ended.anonymous {
			e.anonymous--
		}
		return isOver
	})
}

// lastLookAt returns when the last look began; zero before the first one.
func (e *endedSessions) lastLookAt() time.Time {
	e.mutex.RLock()
	defer e.mutex.RUnlock()
	return e.lookedAt
}

func (e *endedSessions) currentVersion() int64 {
	e.mutex.RLock()
	defer e.mutex.RUnlock()
	return e.version
}

// expirations returns when the last access token of each session expires, in seconds since 1970,
// rounded up.
func (e *endedSessions) expirations() map[string]int64 {
	e.mutex.RLock()
	defer e.mutex.RUnlock()

	expirations := make(map[string]int64, len(e.byID))
	for id, ended := range e.byID {
		expirations[id.String()] = ended.lastExpiration.Add(time.Second - 1).Unix()
	}
	return expirations
}

// judge returns a models.Error that says why a session has ended; nil if it goes on. Before the
// first look, the reason is BUSY.
func (e *endedSessions) judge(session models.ID) error {
	e.mutex.RLock()
	defer e.mutex.RUnlock()

	if e.version == 0 {
		return busy()
	}
	if ended, ok := e.byID[session]; ok {
		return &models.Error{Reason: ended.reason, Replaceable: true}
	}
	return nil
}
