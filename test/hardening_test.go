package test_test

import (
	"context"
	"encoding/json"
	"io"
	"slices"
	"sync"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/authtickets/authtickets/storage/storagetest"
	"github.com/authtickets/authtickets/web"
)

// TestHardening sends requests that must do no harm, one kind per subtest. TestSlowClients has the
// clients that never complete a request.
func TestHardening(t *testing.T) {
	t.Parallel()

	for name, test := range harmful() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(guard(t, func(*web.Settings) {}))
		})
	}
}

// harmful returns the kinds of requests by their names.
func harmful() map[string]func(*guarded) {
	return map[string]func(*guarded){
		"document that cannot be run, as application json":                  (*guarded).cannotRunAsJSON,
		"document that cannot be run, as application graphql-response json": (*guarded).cannotRunAsResponse,
		"variable is null where nothing may be":                             (*guarded).nullVariables,
		"no query":                                                          (*guarded).noQuery,
		"batch":                                                             (*guarded).batches,
		"GET and HEAD":                                                      (*guarded).get,
		"mutation by GET":                                                   (*guarded).mutationByGET,
		"other methods":                                                     (*guarded).otherMethods,
		"other content types":                                               (*guarded).otherContentTypes,
		"cross-site request forgery":                                        (*guarded).forgery,
		"JSON cut short, or something after it":                             (*guarded).brokenJSON,
		"wrong value in place of a password":                                (*guarded).wrongValues,
		"body over the limit":                                               (*guarded).largeBodies,
		"compressed body":                                                   (*guarded).compressedBodies,
		"deadline has passed":                                               (*guarded).deadline,
		"resolver panics":                                                   (*guarded).panics,
		"introspection is off":                                              (*guarded).introspectionOff,
		"misspelt name with introspection off":                              (*guarded).noSuggestions,
		"guessed name with introspection off":                               (*guarded).guessedNames,
		"introspection of too much":                                         (*guarded).introspectionLimit,
		"100 sign-ins by alias":                                             (*guarded).manyGuesses,
		"many of one thing":                                                 (*guarded).manyOfOneThing,
		"just over a limit":                                                 (*guarded).overEachLimit,
		"worst documents within the limits":                                 (*guarded).worstWithinLimits,
		"large and deep variables":                                          (*guarded).largeVariables,
		"persisted query with a false hash":                                 (*guarded).falseHashes,
		"documents with credentials are not kept":                           (*guarded).credentialsAreNotKept,
		"defer in a mutation":                                               (*guarded).deferred,
		"foreign origin":                                                    (*guarded).origins,
		"answer with a ticket":                                              (*guarded).ticketHeaders,
		"paths of others":                                                   (*guarded).otherPaths,
	}
}

// marker is a text that must not be repeated. Requests contain it where a password could be.
const marker = "marker5b7f2c"

const (
	jsonType     = "application/json"
	responseType = "application/graphql-response+json"
	preflight    = "apollo-require-preflight"
)

// guarded is an office that checks every answer, and remembers what was run.
type guarded struct {
	*office

	runs *runs
}

func guard(t testing.TB, change func(*web.Settings)) *guarded {
	t.Helper()
	return (&guarded{office: open(t, storagetest.SQLite(t))}).but(change)
}

// but returns the same office with a change to the settings.
func (g *guarded) but(change func(*web.Settings)) *guarded {
	g.t.Helper()
	changed := &guarded{runs: &runs{}}
	changed.office = g.with(func(s *web.Settings) {
		change(s)
		changed.runs.ExecutableSchema = s.Schema
		s.Schema = changed.runs
	})

	return changed
}

// runs is a schema that remembers which documents were run.
type runs struct {
	graphql.ExecutableSchema

	mutex     sync.Mutex
	documents []*ast.QueryDocument
}

func (r *runs) Exec(ctx context.Context) graphql.ResponseHandler {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.documents = append(r.documents, graphql.GetOperationContext(ctx).Doc)
	return r.ExecutableSchema.Exec(ctx)
}

func (r *runs) count() int {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return len(r.documents)
}

// attempt is a request to the endpoint. By default it is a POST with the content type JSON. Headers
// come in pairs.
type attempt struct {
	method, url, body string
	headers           []string
	stream            io.Reader // replaces the body
	length            int64     // of stream, if it is declared
}

// about returns a POST with a document, and optionally the JSON of its variables.
func about(query, values string) attempt {
	text, _ := json.Marshal(query)
	if values == "" {
		return attempt{body: `{"query":` + string(text) + `}`}
	}
	return attempt{body: `{"query":` + string(text) + `,"variables":` + values + `}`}
}

func (a attempt) with(headers ...string) attempt {
	if len(a.headers) == 0 {
		a.headers = []string{"Content-Type", jsonType}
	}
	a.headers = append(slices.Clip(a.headers), headers...)
	return a
}
