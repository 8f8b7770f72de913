package gqlhttp

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/graph"
	"github.com/authtickets/authtickets/inbound"
	"github.com/authtickets/authtickets/problem"
)

// Facade is a second schema on the same endpoint, for clients that were made for another API. A
// document belongs to it if it selects one of its root fields. Everything else that holds for the
// main schema holds for it too. Introspection shows the facade only in a document that belongs to
// it.
type Facade struct {
	// Schema answers the operations. It must not have a root field of the main schema. Required.
	Schema graphql.ExecutableSchema
	// SDL is the text of the schema. Required.
	SDL string
	// Shifted returns the schema whose resolvers see every clock shifted by ahead. Required if
	// requests may ask for faults.
	Shifted func(ahead time.Duration) graphql.ExecutableSchema
	// Complete adds what the facade's clients read to an error. It is called for every error of the
	// endpoint, because some requests are refused before their document is known. Required.
	Complete func(fault *gqlerror.Error, requestID string)
	// Refuse returns the HTTP status and the JSON with which a caller is refused, whatever the
	// document, when every clock is shifted by ahead. The status is 0 if the caller is not refused.
	// Required.
	Refuse func(ctx context.Context, caller *access.Caller, ahead time.Duration) (status int, body string)
}

// engineFor returns what runs a document. It refuses a document that selects root fields of both
// schemas. A text that is not GraphQL belongs to the main schema, whose engine says what is wrong.
func (e *Endpoint) engineFor(text string) (*engine, *refusal) {
	if e.facade == nil || len(text) > e.settings.Limits.Document {
		return e.main, nil
	}
	if engine := e.engineThatKnows(text); engine != nil {
		return engine, nil
	}

	document, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, e.settings.Limits.Tokens)
	if err != nil {
		return e.main, nil
	}

	var ofMain, ofFacade bool
	for _, name := range rootNames(document) {
		ofMain = ofMain || e.main.hasRoot(name)
		ofFacade = ofFacade || e.facade.hasRoot(name)
	}
	switch {
	case ofMain && ofFacade:
		return nil, &refusal{err: graph.RequestError(problem.CodeValidationFailed,
			"The document selects root fields of two schemas. Send a document for each of them.")}
	case ofFacade:
		return e.facade, nil
	default:
		return e.main, nil
	}
}

// engineThatKnows returns the engine that has parsed a text before, and kept it; nil if none has.
func (e *Endpoint) engineThatKnows(text string) *engine {
	for _, engine := range []*engine{e.main, e.facade} {
		if engine == nil {
			continue
		}
		if _, isKnown := engine.parsed.find(text); isKnown {
			return engine
		}
	}
	return nil
}

// rootNames returns the names of the fields at the root of a document's operations. The document
// need not be valid, so its fragments can form a cycle.
func rootNames(document *ast.QueryDocument) []string {
	var names []string
	seen := map[string]bool{}
	var collect func(ast.SelectionSet)
	collect = func(selections ast.SelectionSet) {
		for _, selection := range selections {
			switch selected := selection.(type) {
			case *ast.Field:
				names = append(names, selected.Name)
			case *ast.InlineFragment:
				collect(selected.SelectionSet)
			case *ast.FragmentSpread:
				fragment := document.Fragments.ForName(selected.Name)
				if fragment != nil && !seen[selected.Name] {
					seen[selected.Name] = true
					collect(fragment.SelectionSet)
				}
			}
		}
	}

	for _, operation := range document.Operations {
		collect(operation.SelectionSet)
	}
	return names
}

// hasRoot reports whether the engine's schema has a root field. Every schema has __schema and
// __type.
func (e *engine) hasRoot(name string) bool {
	if strings.HasPrefix(name, "__") {
		return false
	}
	schema := e.schema.Schema()
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation} {
		if root.Fields.ForName(name) != nil {
			return true
		}
	}
	return false
}

// refusedByFacade answers a caller that the facade refuses, and reports whether it did.
func (e *Endpoint) refusedByFacade(
	w http.ResponseWriter, r *http.Request, caller *access.Caller, ahead time.Duration,
) bool {
	if e.facade == nil {
		return false
	}
	status, body := e.settings.Facade.Refuse(r.Context(), caller, ahead)
	if status == 0 {
		return false
	}

	w.Header()["Content-Type"] = jsonContentType
	if status == http.StatusUnauthorized { // RFC 6750 section 3
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	}
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
	return true
}

// completeErrors adds what the facade's clients read to the errors of an answer.
func (e *Endpoint) completeErrors(w http.ResponseWriter, faults gqlerror.List) {
	if e.facade == nil {
		return
	}
	for _, fault := range faults {
		e.settings.Facade.Complete(fault, w.Header().Get(inbound.RequestIDHeader))
	}
}
