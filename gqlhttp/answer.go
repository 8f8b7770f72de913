package gqlhttp

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/authtickets/authtickets/graph"
	"github.com/authtickets/authtickets/problem"
)

// refusal is an answer without data. It has an HTTP status and an error. The status 0 stands for a
// document that cannot be run.
type refusal struct {
	status int
	err    *gqlerror.Error
	allow  string // the allowed methods, with the status 405
}

// refuse returns a refusal with the code BAD_USER_INPUT.
func refuse(status int, message string) *refusal {
	return &refusal{status: status, err: graph.RequestError(problem.CodeBadUserInput, message)}
}

// notAllowed returns a refusal of the method of a request.
func notAllowed(allow, message string) *refusal {
	refused := refuse(http.StatusMethodNotAllowed, message)
	refused.allow = allow
	return refused
}

// Values of headers. net/http does not change them.
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

// failed returns the answer to an operation that has failed as a whole.
func (e *Endpoint) failed(ctx context.Context, err error) *graphql.Response {
	return &graphql.Response{Data: json.RawMessage("null"), Errors: gqlerror.List{e.present(ctx, err)}}
}

// fault answers a document or variables that cannot be run. If introspection is off, it removes the
// suggestions from messages. The presenter has already hidden the names in them, but their number
// would still show how close a guess was.
func (e *Endpoint) fault(
	ctx context.Context, w http.ResponseWriter, mediaType string, on *engine, faults gqlerror.List,
) {
	most := 5 // more would not help a developer
	if e.facade != nil {
		most = 3 // because they are longer
	}
	response := on.executor.DispatchError(ctx, faults[:min(len(faults), most)])
	for _, fault := range response.Errors {
		if !e.settings.Introspection {
			fault.Message, _, _ = strings.Cut(fault.Message, " Did you mean")
		}
	}
	e.write(w, statusOfFault(mediaType), response)
}

// statusOfFault returns 200 for application/json, because Apollo Client 3 drops the errors of any
// other status.
func statusOfFault(mediaType string) int {
	if mediaType == responseType {
		return http.StatusBadRequest
	}
	return http.StatusOK
}

// refuse answers a refusal.
func (e *Endpoint) refuse(w http.ResponseWriter, mediaType string, refused *refusal) {
	status := refused.status
	switch status {
	case 0:
		status = statusOfFault(mediaType)
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", refused.allow)
	case http.StatusRequestEntityTooLarge:
		w.Header().Set("Connection", "close") // so that the rest of the body is not read
	case http.StatusServiceUnavailable:
		w.Header().Set("Connection", "close")
		w.Header().Set("Retry-After", "1")
	}
	e.write(w, status, &graphql.Response{Errors: gqlerror.List{refused.err}})
}

// survive answers 500 if the endpoint itself has panicked. gqlgen passes panics of resolvers to
// recovered.
func (e *Endpoint) survive(w http.ResponseWriter, r *http.Request) {
	if cause := recover(); cause != nil {
		fault := e.present(r.Context(), e.recovered(r.Context(), cause))
		e.write(w, http.StatusInternalServerError, &graphql.Response{Errors: gqlerror.List{fault}})
	}
}

// write writes an answer. The data is already JSON and is not changed.
func (e *Endpoint) write(w http.ResponseWriter, status int, response *graphql.Response) {
	e.completeErrors(w, response.Errors)
	out := e.answers.get()
	defer e.answers.put(out)

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
