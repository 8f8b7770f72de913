package gqlhttp

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/authtickets/authtickets/graph"
	"github.com/authtickets/authtickets/inbound"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/problem"
)

// Headers that a page of another origin can send only after a preflight. So a request with one of
// them is not forged.
const (
	preflightHeader     = "apollo-require-preflight"
	operationNameHeader = "x-apollo-operation-name"
)

// parameters are what a client asks to run.
type parameters struct {
	graphql.RawParams

	// register is the hash under which the client wants to register the document. It is empty if
	// the client does not want that.
	register string
}

// sent is the JSON of a request. Names are case-sensitive and must not repeat (RFC 7493). So a
// proxy reads the same request as this server.
type sent struct {
	Query         string         `json:"query"`
	OperationName string         `json:"operationName"`
	Variables     jsontext.Value `json:"variables"`
	Extensions    extensions     `json:"extensions"`
}

// extensions are the extensions of a request that the endpoint supports.
type extensions struct {
	PersistedQuery *persistedQuery `json:"persistedQuery"`
}

// read returns what a request asks to run, or refuses it.
func (e *Endpoint) read(w http.ResponseWriter, r *http.Request) (*parameters, *refusal) {
	switch r.Method {
	case http.MethodPost:
		return e.readBody(w, r)
	case http.MethodGet, http.MethodHead:
		return e.readQuery(r)
	default:
		return nil, notAllowed("GET, HEAD, POST", "Send a query with GET or POST, a mutation with POST.")
	}
}

// readBody reads an operation from the body.
func (e *Endpoint) readBody(w http.ResponseWriter, r *http.Request) (*parameters, *refusal) {
	if !inbound.IsJSON(r.Header) {
		return nil, refuse(http.StatusUnsupportedMediaType, "The content type must be application/json, in UTF-8.")
	}
	if inbound.IsCompressed(r.Header) {
		return nil, refuse(http.StatusUnsupportedMediaType, "The body must not be compressed.")
	}
	if r.ContentLength > e.settings.Limits.Body {
		return nil, e.tooLarge()
	}

	body, err := e.bodies.read(http.MaxBytesReader(w, r.Body, e.settings.Limits.Body), r.ContentLength)
	if err != nil {
		return nil, e.unread(r, err)
	}
	defer e.bodies.done(body)

	if first := bytes.TrimLeft(body.Bytes(), " \t\r\n"); len(first) == 0 || first[0] != '{' {
		return nil, refuse(http.StatusBadRequest, "The body must be one JSON object; batches are not supported.")
	}
	var request sent
	if err := json.Unmarshal(body.Bytes(), &request); err != nil {
		return nil, refuse(http.StatusBadRequest,
			"The body must be one JSON object in UTF-8, with query, operationName, variables and extensions "+
				"of the right types, each at most once.")
	}
	return e.parameters(request)
}

// unread returns the refusal of a body that could not be read.
func (e *Endpoint) unread(r *http.Request, err error) *refusal {
	if _, isTooLarge := errors.AsType[*http.MaxBytesError](err); isTooLarge {
		return e.tooLarge()
	}
	if errors.Is(err, errNoRoom) {
		failure := &models.Error{Reason: models.ReasonBusy, RetryAfter: time.Second}
		shown := e.present(r.Context(), fmt.Errorf("%w: %w", failure, err))
		return &refusal{status: http.StatusServiceUnavailable, err: shown}
	}
	return refuse(http.StatusBadRequest, "The body ended early.")
}

func (e *Endpoint) tooLarge() *refusal {
	limit := e.settings.Limits.Body
	return &refusal{
		status: http.StatusRequestEntityTooLarge,
		err: graph.LimitError(problem.CodeBadUserInput, "body-limit",
			"The body has more than "+strconv.FormatInt(limit, 10)+" bytes."),
	}
}

// readQuery reads an operation from the URL. A page of another origin could make a browser send
// such a request without a preflight. So the request needs a header that such a page cannot set.
func (e *Endpoint) readQuery(r *http.Request) (*parameters, *refusal) {
	if !needsPreflight(r.Header) {
		return nil, refuse(http.StatusBadRequest, "A GET request needs the content type application/json, a token, "+
			"or a header "+preflightHeader+" or "+operationNameHeader+" that is not empty.")
	}

	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || !utf8.ValidString(values.Get("query")+values.Get("operationName")) {
		return nil, refuse(http.StatusBadRequest, "The parameters of the URL cannot be read.")
	}
	for _, name := range []string{"query", "operationName", "variables", "extensions"} {
		if len(values[name]) > 1 {
			return nil, refuse(http.StatusBadRequest, "The parameter "+name+" must come once.")
		}
	}

	request := sent{
		Query:         values.Get("query"),
		OperationName: values.Get("operationName"),
		Variables:     jsontext.Value(values.Get("variables")),
	}
	if text := values.Get("extensions"); text != "" {
		if err := json.Unmarshal([]byte(text), &request.Extensions); err != nil {
			return nil, refuse(http.StatusBadRequest, "The parameter extensions must be a JSON object.")
		}
	}
	return e.parameters(request)
}

// needsPreflight reports whether a browser sends such a request to another origin only after a
// preflight. It does so for a header that pages cannot set without one, and for the content type
// that Apollo Client sends even with GET.
func needsPreflight(header http.Header) bool {
	for _, name := range []string{
		preflightHeader, operationNameHeader, inbound.ApplicationHeader, inbound.ClaimsHeader, inbound.AppClaimsHeader,
	} {
		if header.Get(name) != "" {
			return true
		}
	}
	return inbound.IsJSON(header) || isSetByPage(header.Get("Authorization"))
}

// isSetByPage reports whether an Authorization header comes from a page or another program, and not
// from the browser itself. Browsers add some schemes to the requests of any page.
func isSetByPage(authorization string) bool {
	scheme, _, _ := strings.Cut(authorization, " ")
	switch strings.ToLower(scheme) {
	case "", "basic", "digest", "negotiate", "ntlm":
		return false
	default:
		return true
	}
}

// parameters returns what a request asks to run.
func (e *Endpoint) parameters(request sent) (*parameters, *refusal) {
	asked := &parameters{}
	asked.Query, asked.OperationName = request.Query, request.OperationName
	if refused := e.setVariables(asked, request.Variables); refused != nil {
		return nil, refused
	}
	return asked, e.documents.resolve(asked, request.Extensions.PersistedQuery)
}
