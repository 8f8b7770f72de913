package test_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/authtickets/authtickets/web"
)

const (
	allOfASession  = `sessions { id isCurrent application startedAt refreshedAt expiresAt userAgent }`
	allOfAnAccount = `customerAccount { acceptsMarketing accountType companyOrOrganization customerSet
		customerSinceDate emailAddress externalId firstName hasExternalPassword id isActive isAnonymous
		isLocked lastName localeCode taxExempt taxId userId userName
		attributes { attributeDefinitionId fullyQualifiedName values } }`
	allOfAShopper = `userId isAnonymous application behaviors accessTokenExpiration accessTokenRemaining sessionId ` +
		allOfASession + allOfAnAccount
)

// A small document must not cause a large answer.
func TestListsWeighWhatTheyBring(t *testing.T) {
	t.Parallel()

	o := open(t, sqlite(t))
	o.customer("ada")
	bearer := []string{"Authorization", "Bearer " + o.signIn("ada").AccessToken}
	sessionsToo := each(10, "a#: currentShopper { sessions { id } "+allOfAnAccount+" } ")
	shoppers := each(10, "a#: currentShopper { ...S } ")

	for query, limit := range map[string]string{
		`{ currentShopper { ` + allOfAShopper + ` } }`:                                             "",
		`{ ` + each(10, "a#: currentShopper { "+allOfAnAccount+" } ") + `}`:                        "",
		`{ ` + sessionsToo + `}`:                                                                   "complexity-limit",
		`{ ` + shoppers + `} fragment S on Shopper { ` + allOfASession + ` }`:                      "complexity-limit",
		`{ currentShopper { ` + each(15, "a#: sessions { id } ") + `} }`:                           "complexity-limit",
		`{ currentShopper { sessions { ` + each(15, "a#: userAgent ") + `} } }`:                    "complexity-limit",
		`{ currentShopper { customerAccount { attributes { ` + each(30, "a#: values ") + `} } } }`: "complexity-limit",
	} {
		got := o.post(query, nil, bearer...)
		exceeded := ""
		if len(got.Errors) > 0 {
			exceeded = got.Errors[0].Extensions.Limit
		}
		if exceeded != limit {
			t.Errorf("%s: %.200s", query, got.Text)
		}
	}

	few := o.with(func(s *web.Settings) { s.Limits.Answer = 100 })
	got := few.post(`{ currentShopper { `+allOfASession+` } }`, nil, bearer...)
	if len(got.Errors) != 1 || got.Errors[0].Extensions.Limit != "answer-limit" {
		t.Error(got.Text)
	}

	got = few.post(signInQuery, variables{"input": variables{"username": "ada", "password": rightPassword}})
	if len(got.Errors) > 0 {
		t.Errorf("a mutation is refused after it was done: %s", got.Text)
	}
}

// crowd is a schema that counts how many operations run at a time.
type crowd struct {
	graphql.ExecutableSchema

	present, most *atomic.Int64
}

func (s crowd) Exec(ctx context.Context) graphql.ResponseHandler {
	respond := s.ExecutableSchema.Exec(ctx)
	return func(ctx context.Context) *graphql.Response {
		s.most.Store(max(s.most.Load(), s.present.Add(1)))
		defer s.present.Add(-1)
		const longEnough = 20 * time.Millisecond
		time.Sleep(longEnough)
		return respond(ctx)
	}
}

// mostAtATime sends many equal operations at once to a server that believes it has this many cores.
// It returns how many of them ran at a time.
func (o *office) mostAtATime(cores int, query string, values variables, headers ...string) int64 {
	o.t.Helper()
	schema := crowd{o.settings.Schema, new(atomic.Int64), new(atomic.Int64)}
	crowded := o.with(func(s *web.Settings) { s.Schema, s.Cores = schema, cores })
	var group sync.WaitGroup
	const clients = 32

	for range clients {
		group.Go(func() { crowded.post(query, values, headers...) })
	}

	group.Wait()
	return schema.most.Load()
}

// However many expensive operations there are, they leave a processor for others.
func TestHeavyOperationsTakeTurns(t *testing.T) {
	t.Parallel()

	o := open(t, sqlite(t))
	o.customer("ada")
	bearer := []string{"Authorization", "Bearer " + o.signIn("ada").AccessToken}
	const cores, turns = 6, 3 // independent of this machine

	for query, isHeavy := range map[string]bool{
		`{ currentShopper { ` + allOfASession + ` } }`:  true,
		`{ currentShopper { ` + allOfAnAccount + ` } }`: false,
	} {
		if got := o.mostAtATime(cores, query, nil, bearer...); got > turns == isHeavy {
			t.Errorf("%d at a time: %s", got, query)
		}
	}
}
