package tickets

import (
	"context"
	"time"

	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/storage"
	"github.com/authtickets/authtickets/timing"
)

// revocations know the access tokens that have not expired, but whose sessions have ended. An
// access token is checked without asking the database. So each process keeps these sessions in
// memory, and asks for new ones a few times a second.
type revocations struct {
	store        *storage.Store
	applications *applications.Directory
	signers      *seal.Signers
	issuer       string
	policy       Policy
	clocks       *clocks

	ended endedSessions
	feed  signedFeed
}

func newRevocations(office *Office) *revocations {
	return &revocations{
		store:        office.Store,
		applications: office.Applications,
		signers:      office.Signers,
		issuer:       office.Issuer,
		policy:       office.Policy,
		clocks:       office.clocks,
		ended:        endedSessions{byID: map[models.ID]endedSession{}},
	}
}

// judge returns a models.Error that says why a session has ended; nil if it goes on. Before the
// first reload the reason is BUSY.
func (r *revocations) judge(session models.ID) error { return r.ended.judge(session) }

// reload reads which sessions have ended since the last call, on any server.
func (r *revocations) reload(ctx context.Context) error {
	now := r.clocks.moment()
	r.clocks.follow(now)
	longest := r.longestAccess()
	look := r.ended.nextLook(now)

	found, byDatabase, err := r.store.RecentlyEnded(ctx, func(clock time.Time) storage.EndedQuery {
		query := storage.EndedQuery{
			Since:          earlier(look.since, clock).Add(-timing.EndedLateness),
			RefreshedSince: now.wall.Add(-longest - timing.ClockLeeway),
			Customers:      customersAtATime,
			Anonymous:      anonymousAtATime,
		}
		if look.isWide {
			query.Since = clock.Add(-longest - timing.ClocksApart)
		}
		if look.isFirst {
			query.Customers, query.Anonymous = mostOfCustomers, mostAnonymous
		}
		return query
	})
	if err != nil {
		return err
	}

	r.ended.update(look, found, byDatabase, r.lastExpiration)
	return nil
}

// longestAccess returns the longest lifetime of an access token of any application.
func (r *revocations) longestAccess() time.Duration {
	longest := r.policy.AccessLifetime
	for application := range r.applications.All() {
		longest = max(longest, application.AccessLifetime)
	}
	return longest
}

// lastExpiration returns when the last access token of a session expires on every server.
func (r *revocations) lastExpiration(session storage.EndedSession) time.Time {
	lifetime := r.policy.AccessLifetime
	if application := r.applications.Find(session.Application); application != nil {
		lifetime = r.policy.of(application).AccessLifetime
	}
	return session.RefreshedAt.Add(lifetime + timing.ClockLeeway)
}
