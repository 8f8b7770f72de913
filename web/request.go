package web

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
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
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/problem"
)

// Headers that a page of another origin can only send after a preflight: a request that has one of them is no forgery.
const (
	preflightHeader     = "apollo-require-preflight"
	operationNameHeader = "x-apollo-operation-name"
)

// parameters are what a client asks to run.
type parameters struct {
	graphql.RawParams

	// register is the hash under which the client wants the document to be known from now on; empty when it does not.
	register string
}

// sent is the JSON of a request. Names are told apart by case and come once (RFC 7493), so that nobody on the way can have read another request.
type sent struct {
	Query         string         `json:"query"`
	OperationName string         `json:"operationName"`
	Variables     jsontext.Value `json:"variables"`
	Extensions    extensions     `json:"extensions"`
}

// extensions are those that the server knows.
type extensions struct {
	PersistedQuery *persistedQuery `json:"persistedQuery"`
}

func (g *graphQL) read(w http.ResponseWriter, r *http.Request) (*parameters, *refusal) {
	switch r.Method {
	case http.MethodPost:
		return g.readBody(w, r)
	case http.MethodGet, http.MethodHead:
		return g.readQuery(r)
	default:
		return nil, notAllowed("GET, HEAD, POST", "Send a query with GET or POST, a mutation with POST.")
	}
}

func (g *graphQL) readBody(w http.ResponseWriter, r *http.Request) (*parameters, *refusal) {
	if !isJSON(r.Header["Content-Type"]) {
		return nil, refuse(http.StatusUnsupportedMediaType, "The content type must be application/json, in UTF-8.")
	}
	if encoding := r.Header["Content-Encoding"]; len(encoding) > 1 || (len(encoding) == 1 && !strings.EqualFold(encoding[0], "identity")) {
		return nil, refuse(http.StatusUnsupportedMediaType, "The body must not be compressed.")
	}
	if r.ContentLength > g.settings.Limits.Body {
		return nil, g.tooLarge()
	}
	body, err := g.bodies.read(http.MaxBytesReader(w, r.Body, g.settings.Limits.Body), r.ContentLength)
	if err != nil {
		return nil, g.unread(r, err)
	}
	defer g.bodies.done(body)
	if first := bytes.TrimLeft(body.Bytes(), " \t\r\n"); len(first) == 0 || first[0] != '{' {
		return nil, refuse(http.StatusBadRequest, "The body must be one JSON object; batches are not supported.")
	}
	var request sent
	if err := json.Unmarshal(body.Bytes(), &request); err != nil {
		return nil, refuse(http.StatusBadRequest,
			"The body must be one JSON object in UTF-8, with query, operationName, variables and extensions of the right types, each at most once.")
	}
	return g.parameters(request)
}

// isJSON reports whether the Content-Type is application/json, which a page of another origin cannot send without a preflight.
func isJSON(contentType []string) bool {
	if len(contentType) != 1 {
		return false
	}
	if contentType[0] == jsonType {
		return true
	}
	mediaType, parameters, err := mime.ParseMediaType(contentType[0])
	charset, given := parameters["charset"]
	return err == nil && mediaType == jsonType && (!given || strings.EqualFold(charset, "utf-8"))
}

// unread returns why a body could not be read.
func (g *graphQL) unread(r *http.Request, err error) *refusal {
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return g.tooLarge()
	}
	if errors.Is(err, errNoRoom) {
		failure := &models.Error{Reason: models.ReasonBusy, RetryAfter: time.Second}
		shown := g.present(r.Context(), fmt.Errorf("%w: %w", failure, err))
		return &refusal{status: http.StatusServiceUnavailable, err: shown}
	}
	return refuse(http.StatusBadRequest, "The body ended early.")
}

func (g *graphQL) tooLarge() *refusal {
	limit := g.settings.Limits.Body
	return &refusal{
		status: http.StatusRequestEntityTooLarge,
		err:    graph.LimitError(problem.CodeBadUserInput, "body-limit", "The body has more than "+strconv.FormatInt(limit, 10)+" bytes."),
	}
}

// readQuery reads an operation out of the URL. A page of another origin could make the browser send
// such a request without asking first, so it needs something that such a page cannot set.
func (g *graphQL) readQuery(r *http.Request) (*parameters, *refusal) {
	if !asksFirst(r.Header) {
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
	request := sent{Query: values.Get("query"), OperationName: values.Get("operationName"), Variables: jsontext.Value(values.Get("variables"))}
	if text := values.Get("extensions"); text != "" {
		if err := json.Unmarshal([]byte(text), &request.Extensions); err != nil {
			return nil, refuse(http.StatusBadRequest, "The parameter extensions must be a JSON object.")
		}
	}
	return g.parameters(request)
}

// asksFirst reports whether a browser sends a request like this to another origin only after a
// preflight: the request has a header that a page cannot set otherwise, or the content type that
// Apollo Client sends with GET too.
func asksFirst(header http.Header) bool {
	for _, name := range []string{preflightHeader, operationNameHeader, applicationHeader, claimsHeader} {
		if header.Get(name) != "" {
			return true
		}
	}
	return isJSON(header["Content-Type"]) || isSetByPage(header.Get("Authorization"))
}

// isSetByPage reports whether an Authorization header comes from a page or another program.
// Browsers add some schemes by themselves, to the requests of any page.
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
func (g *graphQL) parameters(request sent) (*parameters, *refusal) {
	asked := &parameters{}
	asked.Query, asked.OperationName = request.Query, request.OperationName
	if refused := g.setVariables(asked, request.Variables); refused != nil {
		return nil, refused
	}
	return asked, g.documents.resolve(asked, request.Extensions.PersistedQuery)
}

func (g *graphQL) setVariables(asked *parameters, text jsontext.Value) *refusal {
	if len(text) == 0 {
		return nil
	}
	limits := g.settings.Limits
	if len(text) > limits.Variables {
		return &refusal{err: graph.LimitError(problem.CodeBadUserInput, "variables-limit", "The variables have more than "+strconv.Itoa(limits.Variables)+" bytes.")}
	}
	if err := json.Unmarshal(text, &asked.Variables, json.WithUnmarshalers(json.UnmarshalFromFunc(exactNumber))); err != nil {
		return refuse(http.StatusBadRequest, "The variables must be a JSON object.")
	}
	if nesting(asked.Variables) > limits.VariablesDepth {
		return &refusal{err: graph.LimitError(problem.CodeBadUserInput, "variables-depth-limit",
			"The variables are nested deeper than "+strconv.Itoa(limits.VariablesDepth)+" levels.")}
	}
	return nil
}

// exactNumber reads a number so that it can be written with the same digits again. Anything else it leaves to the decoder.
func exactNumber(decoder *jsontext.Decoder, value *any) error {
	if decoder.PeekKind() != '0' {
		return errors.ErrUnsupported
	}
	text, err := decoder.ReadValue()
	if err != nil {
		return err
	}
	whole, err := strconv.ParseInt(string(text), 10, 64)
	if err == nil && strconv.FormatInt(whole, 10) == string(text) {
		*value = whole
		return nil
	}
	if _, err := strconv.ParseFloat(string(text), 64); err != nil {
		return err // 1e999
	}
	*value = digits{string(text)}
	return nil
}

// digits is a number as it was written. It fits no type of the schema but JSON; as a json.Number, which is a string, it would fit those of strings, too.
type digits struct{ text string }

// MarshalJSON implements json.Marshaler.
func (d digits) MarshalJSON() ([]byte, error) { return []byte(d.text), nil }

// nesting returns how many objects and lists are inside each other at most.
func nesting(value any) int {
	deepest := 0
	switch value := value.(type) {
	case map[string]any:
		for _, member := range value {
			deepest = max(deepest, nesting(member))
		}
	case []any:
		for _, item := range value {
			deepest = max(deepest, nesting(item))
		}
	default:
		return 0
	}
	return deepest + 1
}
