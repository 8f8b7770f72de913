package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/authtickets/authtickets/graph"
	"github.com/authtickets/authtickets/problem"
)

// graphQL is the endpoint for GraphQL over HTTP (https://graphql.github.io/graphql-over-http/draft/), on gqlgen's executor. gqlgen's own transports
// have other statuses, and answer a request that they cannot decode with the whole of it, the password included.
type graphQL struct {
	settings  Settings
	executor  *executor.Executor
	limited   bounds
	present   graphql.ErrorPresenterFunc
	documents *documents
	parsed    *parsedDocuments
	turns     *turns
	clients   clientCounts
	bodies    *bodies
	answers   buffers
}

func newGraphQL(settings Settings) (*graphQL, error) {
	parsed, err := newParsedDocuments()
	if err != nil {
		return nil, err
	}
	limited := newBounds(settings.Limits, settings.Schema.Schema(), parsed, settings.Office.Policy.SessionsPerCustomer)
	if err := parsed.trust(settings.TrustedDocuments, settings.Schema.Schema(), limited); err != nil {
		return nil, fmt.Errorf("trusted documents: %w", err)
	}
	known, err := newDocuments(settings.TrustedDocuments, settings.TrustedOnly)
	if err != nil {
		return nil, err
	}
	g := &graphQL{
		settings: settings, limited: limited, documents: known, parsed: parsed, turns: newTurns(settings.Cores),
		clients: clientCounts{counts: map[client]int{}},
		present: graph.Presenter(settings.Log, settings.Random, settings.Introspection),
		bodies:  newBodies(settings.Limits.Body), answers: buffers{most: largestAnswerKept},
	}
	g.executor = g.executorOf(settings.Schema)
	return g, nil
}

// executorOf returns what runs operations on a schema.
func (g *graphQL) executorOf(schema graphql.ExecutableSchema) *executor.Executor {
	exec := executor.New(schema)
	exec.SetQueryCache(g.parsed)
	exec.SetParserTokenLimit(g.settings.Limits.Tokens)
	exec.SetErrorPresenter(g.present)
	exec.SetRecoverFunc(g.settings.recovered)
	exec.SetDisableSuggestion(!g.settings.Introspection)
	exec.Use(g.limited)
	exec.Use(nullVariables{})
	exec.Use(introspection{g.settings.Introspection})
	exec.Use(graph.Direct{})
	return exec
}

var errPanic = errors.New("panic")

// recovered logs a panic and returns what it is from there on.
func (s Settings) recovered(ctx context.Context, cause any) error {
	s.Log.ErrorContext(ctx, "panic", "cause", cause, "stack", string(debug.Stack()))
	return errPanic
}

// refusal is an answer without data: an HTTP status, and an error that says why. The status 0 is that of a document that cannot be run.
type refusal struct {
	status int
	err    *gqlerror.Error
	allow  string // the methods that are, with the status 405
}

func refuse(status int, message string) *refusal {
	return &refusal{status: status, err: graph.RequestError(problem.CodeBadUserInput, message)}
}

func notAllowed(allow, message string) *refusal {
	refused := refuse(http.StatusMethodNotAllowed, message)
	refused.allow = allow
	return refused
}

// ServeHTTP implements http.Handler.
func (g *graphQL) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.clients.add(clientOf(r.Header))
	mediaType, acceptable := negotiate(r.Header["Accept"])
	header := w.Header()
	header["Content-Type"] = contentTypeOf(mediaType)
	header["Cache-Control"] = noStore
	header["X-Content-Type-Options"] = noSniff
	injected, refused := g.settings.faultsOf(r)
	if injected.holdAnswer() {
		held := &heldAnswer{ResponseWriter: w}
		defer g.release(r.Context(), held, injected)
		w = held
	}
	defer g.survive(w, r)
	if !acceptable {
		g.refuse(w, mediaType, refuse(http.StatusNotAcceptable, "The answer is "+jsonType+" or "+responseType+"."))
		return
	}
	if refused != nil {
		g.refuse(w, mediaType, refused)
		return
	}
	params, refused := g.read(w, r)
	if refused != nil {
		g.refuse(w, mediaType, refused)
		return
	}
	caller, refused := g.settings.caller(r)
	if refused != nil {
		g.refuse(w, mediaType, refused)
		return
	}
	ctx := graph.WithCaller(graphql.StartOperationTrace(r.Context()), caller)
	operation, faults, err := g.prepare(ctx, &params.RawParams)
	if err != nil {
		g.write(w, http.StatusOK, g.failed(ctx, err))
		return
	}
	if len(faults) > 0 {
		g.fault(graphql.WithOperationContext(ctx, operation), w, mediaType, faults)
		return
	}
	if r.Method != http.MethodPost && operation.Operation.Operation != ast.Query {
		g.refuse(w, mediaType, notAllowed(http.MethodPost, "A mutation must be sent with POST."))
		return
	}
	g.documents.keep(params)
	response := g.runWith(ctx, injected, caller, params.Query, operation)
	g.settings.refusals.answered(r, response.Errors)
	g.write(w, http.StatusOK, response)
}

// prepare parses and validates a document. A long one that is not known waits for its turn, because
// a client can send another one each time.
func (g *graphQL) prepare(
	ctx context.Context, params *graphql.RawParams,
) (*graphql.OperationContext, gqlerror.List, error) {
	const long = 1 << 10
	if len(params.Query) > long {
		if _, isKnown := g.parsed.find(params.Query); !isKnown {
			end, err := g.turns.begin(ctx)
			if err != nil {
				return nil, nil, err
			}
			defer end()
		}
	}
	operation, faults := g.executor.CreateOperationContext(ctx, params)
	return operation, faults, nil
}

// run runs an operation. A heavy one waits for its turn.
func (g *graphQL) run(
	ctx context.Context, on *executor.Executor, document string, operation *graphql.OperationContext,
) *graphql.Response {
	markWorking(ctx)
	defer markSlow(ctx)
	if g.weight(document, operation) > heavy {
		end, err := g.turns.begin(ctx)
		if err != nil {
			return g.failed(ctx, err)
		}
		defer end()
	}

	respond, ctx := on.DispatchOperation(ctx, operation)
	response := respond(ctx)
	isQuery := operation.Operation.Operation == ast.Query // what a mutation has done cannot be taken back
	switch most := g.settings.Limits.Answer; {
	case response == nil: // the deadline has passed
		return g.failed(ctx, context.DeadlineExceeded)
	case isQuery && len(response.Data) > most:
		text := fmt.Sprintf("The answer has more than %d bytes.", most)
		return g.failed(ctx, graph.LimitError(problem.CodeBadUserInput, "answer-limit", text))
	}
	return response
}

// weight returns how many fields the answer to an operation may have. References can be in the
// variables, so only now can they be counted: each brings all that is selected of it.
func (g *graphQL) weight(document string, operation *graphql.OperationContext) int {
	fields := g.parsed.weight(document, operation.Doc)
	if strings.Contains(document, "_entities") {
		fields *= max(1, graph.References(operation))
	}
	return fields
}

// failed is the answer to an operation that has failed as a whole.
func (g *graphQL) failed(ctx context.Context, err error) *graphql.Response {
	return &graphql.Response{Data: json.RawMessage("null"), Errors: gqlerror.List{g.present(ctx, err)}}
}

// The values of headers, which net/http does not change.
var (
	jsonContentType     = []string{jsonType + "; charset=utf-8"}     //nolint:gochecknoglobals // constant
	responseContentType = []string{responseType + "; charset=utf-8"} //nolint:gochecknoglobals // constant
	noStore             = []string{"no-store"}                       //nolint:gochecknoglobals // constant
	noSniff             = []string{"nosniff"}                        //nolint:gochecknoglobals // constant
)

func contentTypeOf(mediaType string) []string {
	if mediaType == responseType {
		return responseContentType
	}
	return jsonContentType
}

// fault answers what a document or its variables cannot be run for. Where introspection is off, the presenter has taken the names out of a suggestion, but how
// many there are would still tell how good a guess was.
func (g *graphQL) fault(ctx context.Context, w http.ResponseWriter, mediaType string, faults gqlerror.List) {
	const most = 5 // a client that has read these sends another document
	response := g.executor.DispatchError(ctx, faults[:min(len(faults), most)])
	for _, fault := range response.Errors {
		if !g.settings.Introspection {
			fault.Message, _, _ = strings.Cut(fault.Message, " Did you mean")
		}
	}
	g.write(w, statusOfFault(mediaType), response)
}

// statusOfFault is 200 under application/json, because Apollo Client 3 loses the errors of any other.
func statusOfFault(mediaType string) int {
	if mediaType == responseType {
		return http.StatusBadRequest
	}
	return http.StatusOK
}

func (g *graphQL) refuse(w http.ResponseWriter, mediaType string, refused *refusal) {
	status := refused.status
	switch status {
	case 0:
		status = statusOfFault(mediaType)
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", refused.allow)
	case http.StatusRequestEntityTooLarge:
		w.Header().Set("Connection", "close") // or the rest of the body would be read
	case http.StatusServiceUnavailable:
		w.Header().Set("Connection", "close")
		w.Header().Set("Retry-After", "1")
	}
	g.write(w, status, &graphql.Response{Errors: gqlerror.List{refused.err}})
}

// survive ends a panic of the endpoint itself; a resolver's never comes this far.
func (g *graphQL) survive(w http.ResponseWriter, r *http.Request) {
	if cause := recover(); cause != nil {
		fault := g.present(r.Context(), g.settings.recovered(r.Context(), cause))
		g.write(w, http.StatusInternalServerError, &graphql.Response{Errors: gqlerror.List{fault}})
	}
}

// write writes an answer. The data is finished JSON already and goes out as it is.
func (g *graphQL) write(w http.ResponseWriter, status int, response *graphql.Response) {
	out := g.answers.get()
	defer g.answers.put(out)
	out.WriteByte('{')
	if len(response.Errors) > 0 {
		faults, err := json.Marshal(response.Errors)
		if err != nil {
			faults = []byte(`[{"message":"The errors cannot be shown."}]`)
		}
		out.WriteString(`"errors":`)
		out.Write(faults)
	}
	if len(response.Data) > 0 {
		if len(response.Errors) > 0 {
			out.WriteByte(',')
		}
		out.WriteString(`"data":`)
		out.Write(response.Data)
	}
	out.WriteByte('}')
	w.Header()["Content-Length"] = []string{strconv.Itoa(out.Len())}
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes()) //nolint:gosec // JSON, and said to be
}
