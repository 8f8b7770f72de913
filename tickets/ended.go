package tickets

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/storage"
	"github.com/authtickets/authtickets/timing"
)

// endedSessions are the sessions that have ended lately, as far as their access tokens may still live. An access token is believed without asking the database, so
// each process keeps these in memory, some 50 bytes a session, and asks for new ones a few times a second.
type endedSessions struct {
	mutex sync.RWMutex
	known map[models.ID]endedSession
	// anonymous is how many of them are anonymous shoppers'.
	anonymous int
	// version counts the changes of known from 1; it is 0 before the database was first asked.
	version int64
	// asked is when the database was last asked, and askedByDatabase what its own clock showed
	// then; both are zero before the first time.
	asked           time.Time
	askedByDatabase time.Time
	// lookedWide is when a look went back as far as clocks may be apart.
	lookedWide time.Duration
}

type endedSession struct {
	reason    models.Reason
	anonymous bool
	// until is when the last access token of the session has expired.
	until time.Time
}

// A stranger can end as many anonymous sessions as it likes to begin, so there is a bound on those that are kept, and on those that are read at a time. What is beyond it is signed out all
// the same; only its access tokens are believed until they expire. Customers' sessions are bounded by their sign-ins.
const (
	mostAnonymous    = 20_000
	anonymousAtATime = 2_000
	mostOfCustomers  = 1_000_000
	customersAtATime = 100_000
)

// ReloadEnded learns which sessions have ended since it was last called, on whichever server. Their
// access tokens are refused from then on.
func (o *Office) ReloadEnded(ctx context.Context) error {
	now := o.now()
	o.steadyClock.follow(moment{now, o.Elapsed()})
	longest := o.longestAccess()
	isFirst, isWide, since := o.ended.nextLook(moment{now, o.Elapsed()})

	found, byDatabase, err := o.Store.RecentlyEnded(ctx, func(clock time.Time) storage.EndedQuery {
		query := storage.EndedQuery{
			Since:          earlier(since, clock).Add(-timing.EndedLateness),
			RefreshedSince: now.Add(-longest - timing.ClockLeeway),
			Customers:      customersAtATime,
			Anonymous:      anonymousAtATime,
		}
		if isWide {
			query.Since = clock.Add(-longest - timing.ClocksApart)
		}
		if isFirst {
			query.Customers, query.Anonymous = mostOfCustomers, mostAnonymous
		}
		return query
	})
	if err != nil {
		return err
	}

	o.ended.mutex.Lock()
	defer o.ended.mutex.Unlock()
	o.ended.forget(now)
	o.addEnded(found.Customers, false, now)
	o.addEnded(found.Anonymous, true, now)
	o.ended.version = max(1, o.ended.version)
	o.ended.asked, o.ended.askedByDatabase = now, byDatabase
	if isWide {
		o.ended.lookedWide = o.Elapsed()
	}
	return nil
}

// addEnded adds those sessions of which an access token may still live. Of most that end because of something else than their shopper none does any more.
func (o *Office) addEnded(rows []storage.EndedSession, anonymous bool, now time.Time) {
	e := o.ended
	for _, row := range rows {
		lifetime := o.Policy.AccessLifetime
		if application := o.Applications.Find(row.Application); application != nil {
			lifetime = o.Policy.of(application).AccessLifetime
		}
		until := row.RefreshedAt.Add(lifetime + timing.ClockLeeway)
		if _, known := e.known[row.ID]; known || !now.Before(until) || (anonymous && e.anonymous >= mostAnonymous) {
			continue
		}
		e.known[row.ID] = endedSession{row.Reason, anonymous, until}
		e.version++
		if anonymous {
			e.anonymous++
		}
	}
}

// forget leaves out the sessions of which no access token lives any more.
func (e *endedSessions) forget(now time.Time) {
	maps.DeleteFunc(e.known, func(_ models.ID, ended endedSession) bool {
		over := !now.Before(ended.until)
		if over && ended.anonymous {
			e.anonymous--
		}
		return over
	})
}

// longestAccess is how long an access token of any application lives at most.
func (o *Office) longestAccess() time.Duration {
	longest := o.Policy.AccessLifetime
	for application := range o.Applications.All() {
		longest = max(longest, application.AccessLifetime)
	}
	return longest
}

// lastAsked is when the database was last asked; zero before the first time.
func (e *endedSessions) lastAsked() time.Time {
	e.mutex.RLock()
	defer e.mutex.RUnlock()
	return e.asked
}

// nextLook says how the next look goes: whether it must find everything, as the first one and the
// one after the clock went back, when tokens that looked expired may live again; whether it goes
// back as far as clocks may be apart; and otherwise since when.
func (e *endedSessions) nextLook(now moment) (isFirst, isWide bool, since time.Time) {
	e.mutex.RLock()
	defer e.mutex.RUnlock()
	isFirst = e.asked.IsZero() || now.wall.Before(e.asked)
	return isFirst, isFirst || now.elapsed-e.lookedWide >= timing.WideLook, e.askedByDatabase
}

func (e *endedSessions) currentVersion() int64 {
	e.mutex.RLock()
	defer e.mutex.RUnlock()
	return e.version
}

// untils returns when the last access token of each session has expired, in seconds since 1970, rounded up.
func (e *endedSessions) untils() map[string]int64 {
	e.mutex.RLock()
	defer e.mutex.RUnlock()
	untils := make(map[string]int64, len(e.known))
	for id, ended := range e.known {
		untils[id.String()] = ended.until.Add(time.Second - 1).Unix()
	}
	return untils
}

// judge returns a models.Error that says why a session has ended; nil when it goes on. Before the database was first asked nobody can tell: the reason is BUSY.
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
