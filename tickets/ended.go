package tickets

import (
	"maps"
	"sync"
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/storage"
	"github.com/authtickets/authtickets/timing"
)

// endedSessions are the sessions that have ended, for as long as one of their access tokens may
// live. Each takes about 50 bytes.
type endedSessions struct {
	mutex sync.RWMutex
	known map[models.ID]endedSession
	// anonymous is how many of them are anonymous shoppers'.
	anonymous int
	// version counts the changes of known from 1. It is 0 before the first look.
	version int64
	// asked is when the last look began, and askedByDatabase is what the database's clock showed
	// then. Both are zero before the first look.
	asked           time.Time
	askedByDatabase time.Time
	// lookedWide is when the last wide look began.
	lookedWide time.Duration
}

type endedSession struct {
	reason    models.Reason
	anonymous bool
	// until is when the last access token of the session expires.
	until time.Time
}

// A stranger can begin and end any number of anonymous sessions. So there is a limit on how many
// are kept, and on how many are read at a time. Sessions beyond it end all the same, but their
// access tokens are accepted until they expire. The number of sign-ins limits customers' sessions.
const (
	mostAnonymous    = 20_000
	anonymousAtATime = 2_000
	mostOfCustomers  = 1_000_000
	customersAtATime = 100_000
)

// endedLook is how to look for ended sessions.
type endedLook struct {
	at moment
	// isFirst says that the look must find everything.
	isFirst bool
	// isWide says that the look goes back as far as clocks may be apart.
	isWide bool
	// since is where other looks begin, by the database's clock.
	since time.Time
}

// nextLook returns how to look now. A look after the server's clock went back must find everything,
// like the first one: tokens that looked expired may live again.
func (e *endedSessions) nextLook(now moment) endedLook {
	e.mutex.RLock()
	defer e.mutex.RUnlock()

	isFirst := e.asked.IsZero() || now.wall.Before(e.asked)
	return endedLook{
		at:      now,
		isFirst: isFirst,
		isWide:  isFirst || now.elapsed-e.lookedWide >= timing.WideLook,
		since:   e.askedByDatabase,
	}
}

// update adds what a look has found, and forgets the sessions whose access tokens have all expired.
// byDatabase is what the database's clock showed. until returns when the last access token of a
// session expires.
func (e *endedSessions) update(
	look endedLook, found storage.Ended, byDatabase time.Time, until func(storage.EndedSession) time.Time,
) {
	e.mutex.Lock()
	defer e.mutex.Unlock()

	now := look.at.wall
	e.forget(now)
	for _, session := range found.Customers {
		e.add(session.ID, endedSession{session.Reason, false, until(session)}, now)
	}
	for _, session := range found.Anonymous {
		e.add(session.ID, endedSession{session.Reason, true, until(session)}, now)
	}

	e.version = max(1, e.version)
	e.asked, e.askedByDatabase = now, byDatabase
	if look.isWide {
		e.lookedWide = look.at.elapsed
	}
}

// add adds a session, unless all its access tokens have expired. They have expired for most
// sessions that ended for another reason than a sign-out.
func (e *endedSessions) add(id models.ID, ended endedSession, now time.Time) {
	_, isKnown := e.known[id]
	isTooMany := ended.anonymous && e.anonymous >= mostAnonymous
	if isKnown || isTooMany || !now.Before(ended.until) {
		return
	}

	e.known[id] = ended
	e.version++
	if ended.anonymous {
		e.anonymous++
	}
}

// forget removes the sessions whose access tokens have all expired.
func (e *endedSessions) forget(now time.Time) {
	maps.DeleteFunc(e.known, func(_ models.ID, ended endedSession) bool {
		over := !now.Before(ended.until)
		if over && ended.anonymous {
			e.anonymous--
		}
		return over
	})
}

// lastAsked returns when the last look began; zero before the first one.
func (e *endedSessions) lastAsked() time.Time {
	e.mutex.RLock()
	defer e.mutex.RUnlock()
	return e.asked
}

func (e *endedSessions) currentVersion() int64 {
	e.mutex.RLock()
	defer e.mutex.RUnlock()
	return e.version
}

// untils returns when the last access token of each session expires, in seconds since 1970, rounded
// up.
func (e *endedSessions) untils() map[string]int64 {
	e.mutex.RLock()
	defer e.mutex.RUnlock()

	untils := make(map[string]int64, len(e.known))
	for id, ended := range e.known {
		untils[id.String()] = ended.until.Add(time.Second - 1).Unix()
	}
	return untils
}

// judge returns a models.Error that says why a session has ended; nil if it goes on. Before the
// first look nobody knows, and the reason is BUSY.
func (e *endedSessions) judge(session models.ID) error {
	e.mutex.RLock()
	defer e.mutex.RUnlock()

	if e.version == 0 {
		return busy()
	}
	if ended, ok := e.known[session]; ok {
		return &models.Error{Reason: ended.reason, Replaceable: true}
	}
	return nil
}
