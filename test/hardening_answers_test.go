package test_test

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"
)

// try sends an attempt. It fails if the answer does harm.
func (g *guarded) try(a attempt) answer {
	g.t.Helper()
	a = a.with()
	var body io.Reader = strings.NewReader(a.body)
	if a.stream != nil {
		body = a.stream
	}

	if a.method == "" {
		a.method = http.MethodPost
	}

	request, err := http.NewRequestWithContext(g.t.Context(), a.method, "/graphql"+a.url, body)
	must(g.t, err)
	if a.stream != nil {
		request.ContentLength = cmp.Or(a.length, -1)
	}

	request.RemoteAddr = "198.51.100.1:4711"
	for i := 0; i < len(a.headers); i += 2 {
		request.Header.Add(a.headers[i], a.headers[i+1])
	}

	recorder := httptest.NewRecorder()
	begin := time.Now()
	g.handler.ServeHTTP(recorder, request)
	took := time.Since(begin)
	got := answer{took: took}
	got.Status, got.Header, got.Text = recorder.Code, recorder.Header(), recorder.Body.String()

	fails := func(message string) {
		g.t.Helper()
		g.t.Errorf(
			"%s: %s %.100s %.100q %s is answered with %d %.300s", message, a.method, a.url, a.body,
			a.headers[:min(8, len(a.headers))], got.Status, got.Text,
		)
	}
	if err := json.Unmarshal([]byte(got.Text), &got); err != nil {
		fails("no JSON")
	}

	mediaType := got.Header.Get("Content-Type")
	if mediaType != jsonType+"; charset=utf-8" && mediaType != responseType+"; charset=utf-8" {
		fails("media type " + mediaType)
	}
	if got.Header.Get("Cache-Control") != "no-store" || got.Header.Get("X-Content-Type-Options") != "nosniff" {
		fails("may be cached, or read as another media type")
	}
	if strings.Contains(got.Text, marker) || strings.Contains(g.log.String(), marker) {
		fails("answer or log repeats the request")
	}

	for _, failure := range got.Errors {
		if failure.Message == "" || failure.Extensions.Code == "" || failure.Extensions.Reason == "" ||
			failure.Extensions.NextStep == "" {
			fails("error without a code, a reason or a next step")
		}
	}

	if len(got.Errors) > 0 && len(got.Text) > 4<<10 {
		fails("long refusal")
	}
	if took > 2*time.Second {
		fails("took " + took.String())
	}

	return got
}

// quickly repeats an attempt until it is answered quickly, because the machine may have been busy.
// It fails if it never is.
func (g *guarded) quickly(a attempt) answer {
	g.t.Helper()
	limit := 100 * time.Millisecond
	if raceDetector {
		limit *= 10
	}

	var got answer
	for range 10 {
		if got = g.try(a); got.took < limit {
			return got
		}
	}

	g.t.Errorf("%.100q took %s", a.body, got.took)
	return got
}

// refusal says how an attempt must be refused. By default, it must be refused as a document that is
// invalid or exceeds the limit.
type refusal struct {
	status              int
	code, reason, limit string
	nextStep            string
}

// These are the codes of documents that cannot be run.
const (
	parseFailed      = "GRAPHQL_PARSE_FAILED"
	validationFailed = "GRAPHQL_VALIDATION_FAILED"
	badUserInput     = "BAD_USER_INPUT"
)

func badRequest(status int) refusal { return refusal{status: status, code: badUserInput} }

// refuses sends an attempt with each media type. It fails unless nothing runs and the refusal is as
// expected.
func (g *guarded) refuses(a attempt, want refusal) {
	g.t.Helper()
	for _, accept := range []string{jsonType, "*/*", responseType} {
		g.refusesAs(accept, a, want)
	}
}

func (g *guarded) refusesAs(accept string, a attempt, want refusal) answer {
	g.t.Helper()
	mediaType := jsonType
	if strings.HasPrefix(accept, responseType) {
		mediaType = responseType
	}

	switch {
	case want.status != 0:
	case mediaType == responseType:
		want.status = http.StatusBadRequest
	default:
		want.status = http.StatusOK
	}

	if want.reason == "" {
		want.reason, want.nextStep = "REQUEST_INVALID", "FIX_INPUT"
		if want.limit != "" {
			want.reason = "LIMIT_EXCEEDED"
		}
	}

	before := g.runs.count()
	got := g.try(a.with("Accept", accept))
	if len(got.Errors) == 0 {
		g.t.Errorf("%.100q %s is not refused: %d %.300s", a.body, a.url, got.Status, got.Text)
		return got
	}

	extensions := got.Errors[0].Extensions
	is := refusal{got.Status, extensions.Code, extensions.Reason, extensions.Limit, extensions.NextStep}
	if is != want || got.Header.Get("Content-Type") != mediaType+"; charset=utf-8" ||
		strings.Contains(got.Text, `"data"`) {
		g.t.Errorf(
			"%.100q %.100s accepting %s: want %+v, got %d %v %.300s", a.body, a.url, accept, want,
			got.Status, got.Header["Content-Type"], got.Text,
		)
	}
	if g.runs.count() != before {
		g.t.Errorf("%.100q %.100s is run", a.body, a.url)
	}

	return got
}

// answers sends an attempt. It fails unless it runs and the answer has only data.
func (g *guarded) answers(a attempt) answer {
	g.t.Helper()
	got := g.try(a)
	if got.Status != http.StatusOK || len(got.Errors) > 0 || got.Data == nil {
		g.t.Errorf("%.100q %.100s is not answered: %d %.300s", a.body, a.url, got.Status, got.Text)
	}

	return got
}
