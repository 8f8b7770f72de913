package gqlhttp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/graph"
	"github.com/authtickets/authtickets/inbound"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/problem"
)

// Endpoint answers GraphQL over HTTP with gqlgen's executor. It does not use gqlgen's transports.
// They answer with other statuses, and they repeat a request that they cannot decode, even a
// password in it.
type Endpoint struct {
	settings  Settings
	callers   *inbound.Callers
	main      *engine
	facade    *engine // nil if there is none
	documents *documents
	turns     *turns
	clients   clientCounts
	bodies    *bodies
	answers   buffers
}

// New returns an endpoint for requests from callers. It fails if a trusted document does not fit
// its schema or exceeds a limit.
func New(settings Settings, callers *inbound.Callers) (*Endpoint, error) {
	found, err := newDocuments(settings.TrustedDocuments, settings.TrustedOnly)
	if err != nil {
		return nil, err
	}

	e := &Endpoint{
		settings:  settings,
		callers:   callers,
		documents: found,
		turns:     newTurns(settings.Cores),
		clients:   clientCounts{counts: map[inbound.Client]int{}},
		bodies:    newBodies(settings.Limits.Body),
		answers:   buffers{most: largestAnswerKept},
	}
	if err := e.newEngines(); err != nil {
		return nil, err
	}
	if err := e.trust(); err != nil {
		return nil, fmt.Errorf("trusted documents: %w", err)
	}
	return e, nil
}

// LogClients logs how many requests each client that gives a name has sent since the last call.
func (e *Endpoint) LogClients(ctx context.Context) { e.clients.log(ctx, e.settings.Log) }

// present returns the error that the client gets for one of the endpoint itself.
func (e *Endpoint) present(ctx context.Context, err error) *gqlerror.Error {
	return e.main.present(ctx, err)
}

var errPanic = errors.New("panic")

// recovered logs a panic and returns the error to present to the client.
func (e *Endpoint) recovered(ctx context.Context, cause any) error {
	inbound.LogPanic(ctx, e.settings.Log, cause)
	return errPanic
}

// ServeHTTP implements http.Handler.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.clients.add(inbound.ClientOf(r.Header))
	mediaType, isAcceptable := negotiate(r.Header["Accept"])
	header := w.Header()
	header["Content-Type"] = contentTypeOf(mediaType)
	header["Cache-Control"] = noStore
	header["X-Content-Type-Options"] = noSniff
	if e.facade != nil {
		header[inbound.CorrelationHeader] = header[inbound.RequestIDHeader]
	}

	injected, refused := e.faultsOf(r)
	if injected.holdAnswer() {
		held := &heldAnswer{ResponseWriter: w}
		defer e.release(r.Context(), held, injected)
		w = held
	}
	defer e.survive(w, r)

	if !isAcceptable {
		refused = refuse(http.StatusNotAcceptable, "The answer is "+jsonType+" or "+responseType+".")
	}
	if refused != nil {
		e.refuse(w, mediaType, refused)
		return
	}
	e.serve(w, r, mediaType, injected)
}

// serve reads a request, runs its operation, and writes the answer.
func (e *Endpoint) serve(w http.ResponseWriter, r *http.Request, mediaType string, injected faults) {
	params, refused := e.read(w, r)
	if refused != nil {
		e.refuse(w, mediaType, refused)
		return
	}
	caller, refused := e.callerOf(r)
	if refused != nil {
		e.refuse(w, mediaType, refused)
		return
	}

	isInjected := injected != faults{}
	if !isInjected && e.refusedByFacade(w, r, caller, 0) {
		return
	}

	ctx := graph.WithCaller(graphql.StartOperationTrace(r.Context()), caller)
	document, refused, err := e.prepare(ctx, &params.RawParams)
	switch {
	case err != nil:
		e.write(w, http.StatusOK, e.failed(ctx, err))
		return
	case refused != nil:
		e.refuse(w, mediaType, refused)
		return
	}

	on, operation := document.on, document.operation
	if len(document.faults) > 0 {
		e.fault(graphql.WithOperationContext(ctx, operation), w, mediaType, on, document.faults)
		return
	}
	if r.Method != http.MethodPost && operation.Operation.Operation != ast.Query {
		e.refuse(w, mediaType, notAllowed(http.MethodPost, "A mutation must be sent with POST."))
		return
	}

	e.documents.keep(params)
	var response *graphql.Response
	switch on, err := e.inject(ctx, on, injected, caller, operation); {
	case err != nil:
		response = e.failed(ctx, err)
	case isInjected && e.refusedByFacade(w, r, caller, injected.shift):
		return
	default:
		response = e.run(ctx, on, params.Query, operation)
	}
	e.logOrigin(r, response.Errors)
	e.write(w, http.StatusOK, response)
}

// callerOf returns who sends a request, or refuses it.
func (e *Endpoint) callerOf(r *http.Request) (*access.Caller, *refusal) {
	caller, err := e.callers.Of(r)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "The header x-shopper-address must be one IP address.")
	}
	return caller, nil
}

// logOrigin logs the origin of a page if the answer refuses it.
func (e *Endpoint) logOrigin(r *http.Request, faults gqlerror.List) {
	for _, fault := range faults {
		if fault.Extensions["reason"] == models.ReasonOriginNotAllowed {
			e.callers.LogOrigin(r)
		}
	}
}

// preparedDocument is a document that was parsed and validated, and the engine to run it.
type preparedDocument struct {
	on        *engine
	operation *graphql.OperationContext
	faults    gqlerror.List
}

// prepare parses and validates a document. A long document that is not cached waits for its turn,
// because a client can send a different one each time.
func (e *Endpoint) prepare(ctx context.Context, params *graphql.RawParams) (preparedDocument, *refusal, error) {
	const long = 1 << 10
	if len(params.Query) > long && e.engineThatKnows(params.Query) == nil {
		end, err := e.turns.begin(ctx)
		if err != nil {
			return preparedDocument{}, nil, err
		}
		defer end()
	}

	on, refused := e.engineFor(params.Query)
	if refused != nil {
		return preparedDocument{}, refused, nil
	}
	operation, faults := on.executor.CreateOperationContext(ctx, params)
	return preparedDocument{on, operation, faults}, nil, nil
}

// run runs an operation. A heavy one waits for its turn.
func (e *Endpoint) run(
	ctx context.Context, on *engine, document string, operation *graphql.OperationContext,
) *graphql.Response {
	defer inbound.Hold(ctx)()
	if on.weight(document, operation) > heavy {
		end, err := e.turns.begin(ctx)
		if err != nil {
			return e.failed(ctx, err)
		}
		defer end()
	}

	respond, ctx := on.executor.DispatchOperation(ctx, operation)
	response := respond(ctx)
	isQuery := operation.Operation.Operation == ast.Query // what a mutation did cannot be undone
	switch most := e.settings.Limits.Answer; {
	case response == nil: // the deadline has passed
		return e.failed(ctx, context.DeadlineExceeded)
	case isQuery && len(response.Data) > most:
		text := fmt.Sprintf("The answer has more than %d bytes.", most)
		return e.failed(ctx, graph.LimitError(problem.CodeBadUserInput, "answer-limit", text))
	}
	return response
}

// weight returns how many fields the answer to an operation may have. The variables may hold
// references, and all fields that are selected count for each of them.
func (e *engine) weight(document string, operation *graphql.OperationContext) int {
	fields := e.parsed.weight(document, operation.Doc)
	if strings.Contains(document, "_entities") {
		fields *= max(1, graph.References(operation))
	}
	return fields
}
