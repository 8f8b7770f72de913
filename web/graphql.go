package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/maypok86/otter/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/authtickets/authtickets/graph"
)

const (
	jsonType     = "application/json"
	responseType = "application/graphql-response+json"

	// Headers that a page of another origin can only send after a preflight: a request that has one of them is no forgery.
	preflightHeader     = "apollo-require-preflight"
	operationNameHeader = "x-apollo-operation-name"

	// parserTokens bounds a document: the longest of ours, the introspection query, has fewer than 500.
	parserTokens = 2000
	// cachedText bounds the documents kept in their parsed form, in bytes of their text; parsed they take some ten times as much.
	cachedText = 1 << 20
)

// graphQL is the endpoint for GraphQL over HTTP, on gqlgen's executor. gqlgen's own transports answer a request that they cannot decode with
// the whole of it, the password included.
type graphQL struct {
	settings Settings
	executor *executor.Executor
	buffers  sync.Pool
}

func newGraphQL(settings Settings) (*graphQL, error) {
	cache, err := otter.New(&otter.Options[string, *ast.QueryDocument]{
		MaximumWeight: cachedText, Weigher: func(text string, _ *ast.QueryDocument) uint32 { return uint32(len(text)) }, //nolint:gosec // bounded by BodyLimit
	})
	if err != nil {
		return nil, fmt.Errorf("query cache: %w", err)
	}
	exec := executor.New(settings.Schema)
	exec.SetQueryCache(documents{cache})
	exec.SetParserTokenLimit(parserTokens)
	exec.SetErrorPresenter(graph.Presenter(settings.Log, settings.Random))
	exec.SetRecoverFunc(func(ctx context.Context, cause any) error {
		settings.Log.ErrorContext(ctx, "panic", "cause", cause, "stack", string(debug.Stack()))
		return errPanic
	})
	exec.SetDisableSuggestion(!settings.Introspection)
	exec.Use(introspection{settings.Introspection})
	return &graphQL{settings: settings, executor: exec, buffers: sync.Pool{New: func() any { return new(bytes.Buffer) }}}, nil
}

var errPanic = errors.New("a resolver panicked")

// documents keeps parsed documents. One with a string in it is not kept: it could be a password.
type documents struct {
	cache *otter.Cache[string, *ast.QueryDocument]
}

func (d documents) Get(_ context.Context, text string) (*ast.QueryDocument, bool) {
	return d.cache.GetIfPresent(text)
}

func (d documents) Add(_ context.Context, text string, document *ast.QueryDocument) {
	if !strings.Contains(text, `"`) {
		d.cache.Set(text, document)
	}
}

// refusal is a request that is no GraphQL operation: an HTTP status, and an error that says why.
type refusal struct {
	status int
	err    *gqlerror.Error
}

func refuse(status int, message string) *refusal {
	return &refusal{status, graph.RequestError(graph.CodeBadUserInput, message)}
}

// ServeHTTP implements http.Handler.
func (g *graphQL) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	accepted := accepts(r.Header)
	header := w.Header()
	header["Content-Type"] = []string{accepted + "; charset=utf-8"}
	header["Cache-Control"] = []string{"no-store"}
	header["X-Content-Type-Options"] = []string{"nosniff"}

	params, refused := g.read(w, r)
	if refused != nil {
		if refused.status == http.StatusMethodNotAllowed {
			header.Set("Allow", "GET, HEAD, POST")
		}
		g.write(w, refused.status, &graphql.Response{Errors: gqlerror.List{refused.err}})
		return
	}
	ctx := graph.WithRequest(graphql.StartOperationTrace(r.Context()), g.settings.request(r))
	operation, faults := g.executor.CreateOperationContext(ctx, params)
	if len(faults) == 0 && r.Method != http.MethodPost && operation.Operation.Operation != ast.Query {
		header.Set("Allow", http.MethodPost)
		g.write(w, http.StatusMethodNotAllowed, &graphql.Response{Errors: gqlerror.List{refuse(0, "A mutation must be sent with POST.").err}})
		return
	}
	if len(faults) > 0 {
		// Apollo Client 3 reads the errors of a JSON answer with status 200 only.
		status := http.StatusOK
		if accepted == responseType {
			status = http.StatusBadRequest
		}
		response := g.executor.DispatchError(graphql.WithOperationContext(ctx, operation), faults)
		for _, fault := range response.Errors {
			if !g.settings.Introspection { // nor is the schema told by and by
				fault.Message, _, _ = strings.Cut(fault.Message, " Did you mean")
			}
		}
		g.write(w, status, response)
		return
	}
	respond, ctx := g.executor.DispatchOperation(ctx, operation)
	response := respond(ctx)
	if response == nil { // the deadline has passed
		response = &graphql.Response{Data: json.RawMessage("null"), Errors: gqlerror.List{graph.TimedOut()}}
	}
	g.write(w, http.StatusOK, response)
}

// accepts returns the media type of the answer: the one of GraphQL over HTTP where it is asked for by name.
func accepts(header http.Header) string {
	for _, accepted := range header["Accept"] {
		if strings.Contains(accepted, responseType) {
			return responseType
		}
	}
	return jsonType
}

func (g *graphQL) read(w http.ResponseWriter, r *http.Request) (*graphql.RawParams, *refusal) {
	switch r.Method {
	case http.MethodPost:
		return g.readBody(w, r)
	case http.MethodGet, http.MethodHead:
		return g.readQuery(r)
	default:
		return nil, refuse(http.StatusMethodNotAllowed, "Send a query with GET or POST, a mutation with POST.")
	}
}

func (g *graphQL) readBody(w http.ResponseWriter, r *http.Request) (*graphql.RawParams, *refusal) {
	mediaType, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if charset := parameters["charset"]; err != nil || mediaType != jsonType || (charset != "" && !strings.EqualFold(charset, "utf-8")) {
		return nil, refuse(http.StatusUnsupportedMediaType, "The content type must be application/json, in UTF-8.")
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return nil, refuse(http.StatusUnsupportedMediaType, "The body must not be compressed.")
	}
	if r.ContentLength > g.settings.BodyLimit {
		return nil, g.tooLarge()
	}
	body := g.buffer()
	defer g.buffers.Put(body)
	if _, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, g.settings.BodyLimit)); err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return nil, g.tooLarge()
		}
		return nil, refuse(http.StatusBadRequest, "The body ended early.")
	}
	return decode(body)
}

func (g *graphQL) tooLarge() *refusal {
	return refuse(http.StatusRequestEntityTooLarge, "The body has more than "+strconv.FormatInt(g.settings.BodyLimit, 10)+" bytes.")
}

// decode reads the one JSON object of a body. Its errors repeat nothing of it.
func decode(body *bytes.Buffer) (*graphql.RawParams, *refusal) {
	var request struct {
		Query         string         `json:"query"`
		OperationName string         `json:"operationName"`
		Variables     map[string]any `json:"variables"`
		Extensions    map[string]any `json:"extensions"`
	}
	if first := bytes.TrimLeft(body.Bytes(), " \t\r\n"); len(first) == 0 || first[0] != '{' {
		return nil, refuse(http.StatusBadRequest, "The body must be one JSON object; batches are not supported.")
	}
	decoder := json.NewDecoder(body)
	decoder.UseNumber()
	if err := decoder.Decode(&request); err != nil {
		return nil, refuse(http.StatusBadRequest, "The body must be JSON with query, operationName, variables and extensions of the right types.")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, refuse(http.StatusBadRequest, "Behind the JSON object there is more.")
	}
	return checked(&graphql.RawParams{
		Query: request.Query, OperationName: request.OperationName, Variables: request.Variables, Extensions: request.Extensions,
	})
}

// readQuery reads an operation out of the URL. A page of another origin could make the browser send such a request without asking first, so
// it needs a header that such a page cannot set.
func (g *graphQL) readQuery(r *http.Request) (*graphql.RawParams, *refusal) {
	if r.Header.Get(preflightHeader) == "" && r.Header.Get(operationNameHeader) == "" {
		return nil, refuse(http.StatusBadRequest, "A GET request needs a header "+preflightHeader+" or "+operationNameHeader+" that is not empty.")
	}
	values := r.URL.Query()
	params := &graphql.RawParams{Query: values.Get("query"), OperationName: values.Get("operationName")}
	for name, target := range map[string]*map[string]any{"variables": &params.Variables, "extensions": &params.Extensions} {
		if !values.Has(name) {
			continue
		}
		decoder := json.NewDecoder(strings.NewReader(values.Get(name)))
		decoder.UseNumber()
		if err := decoder.Decode(target); err != nil {
			return nil, refuse(http.StatusBadRequest, "The parameter "+name+" must be a JSON object.")
		}
	}
	return checked(params)
}

func checked(params *graphql.RawParams) (*graphql.RawParams, *refusal) {
	if params.Query != "" {
		return params, nil
	}
	if params.Extensions["persistedQuery"] != nil {
		return nil, &refusal{http.StatusOK, graph.RequestError(graph.CodePersistedQueryNotSupported, "PersistedQueryNotSupported")}
	}
	return nil, refuse(http.StatusBadRequest, "There is no query.")
}

func (g *graphQL) buffer() *bytes.Buffer {
	buffer, ok := g.buffers.Get().(*bytes.Buffer)
	if !ok {
		return new(bytes.Buffer)
	}
	buffer.Reset()
	return buffer
}

// write writes an answer. The data is finished JSON already and goes out as it is.
func (g *graphQL) write(w http.ResponseWriter, status int, response *graphql.Response) {
	out := g.buffer()
	defer g.buffers.Put(out)
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
	_, _ = w.Write(out.Bytes())
}
