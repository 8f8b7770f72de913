package web

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"

	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/graph"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/problem"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/tickets"
)

// Faults let a request say what shall go wrong with it, so that front-end teams can try their
// clients. Both fields are required.
type Faults struct {
	// Shifted returns the schema, answered as if every clock were ahead.
	Shifted func(ahead time.Duration) graphql.ExecutableSchema
	// Rotate puts new keys into use.
	Rotate func(context.Context) error
}

// faultHeader lists the faults of a request.
const faultHeader = "X-Fault"

// longestShift is how far a request may shift the clock: no session lives longer.
const longestShift = applications.LongestSession

// endReasons are those for which a request may end its session. What becomes of an account, and a
// claim, must be done for real.
func endReasons() []models.Reason {
	return []models.Reason{
		models.ReasonEndedByOperator, models.ReasonPasswordChanged, models.ReasonSessionEnded, models.ReasonSessionReplaced,
		models.ReasonSignedOut, models.ReasonSignedOutEverywhere, models.ReasonTokenReused, models.ReasonTooManySessions,
	}
}

// faults are what shall go wrong with a request. The zero value is nothing.
type faults struct {
	drop, busy, rotate bool
	delay, shift       time.Duration
	// end is the reason for which the session ends; empty where it goes on.
	end models.Reason
}

// faultsOf returns what shall go wrong with a request, or refuses what the header says.
func (s Settings) faultsOf(r *http.Request) (faults, *refusal) {
	if s.Faults == nil {
		return faults{}, nil
	}
	text := strings.TrimSpace(strings.Join(r.Header[faultHeader], ","))
	if text == "" {
		return faults{}, nil
	}
	injected, wrong := parseFaults(text, s.Deadline)
	if wrong != "" {
		return faults{}, refuse(http.StatusBadRequest, wrong)
	}
	s.Log.InfoContext(r.Context(), "faults on request", "faults", text)
	return injected, nil
}

// parseFaults reads the list of faults, or says what is wrong with it.
func parseFaults(text string, longestDelay time.Duration) (injected faults, wrong string) {
	var names []string
	for item := range strings.SplitSeq(text, ",") {
		name, value, hasValue := strings.Cut(strings.TrimSpace(item), "=")
		if slices.Contains(names, name) {
			return faults{}, "The header x-fault has a fault twice."
		}
		names = append(names, name)

		isGood := !hasValue
		switch name {
		case "drop":
			injected.drop = true
		case "busy":
			injected.busy = true
		case "rotate":
			injected.rotate = true
		case "delay":
			injected.delay, isGood = parseDuration(value, 0, longestDelay)
		case "shift":
			injected.shift, isGood = parseDuration(value, -longestShift, longestShift)
		case "end":
			injected.end = models.ReasonEndedByOperator
			if hasValue {
				injected.end = models.Reason(value)
			}
			isGood = slices.Contains(endReasons(), injected.end)
		default:
			return faults{}, "The header x-fault has a fault that there is none of: " +
				"there are drop, delay=2s, busy, shift=-2h, end, end=REASON and rotate, with commas between them."
		}
		if !isGood {
			return faults{}, faultMessage(name, longestDelay)
		}
	}
	return injected, ""
}

func parseDuration(text string, least, most time.Duration) (duration time.Duration, isGood bool) {
	duration, err := time.ParseDuration(text)
	return duration, err == nil && duration >= least && duration <= most
}

// faultMessage says what a fault can be like.
func faultMessage(name string, longestDelay time.Duration) string {
	switch name {
	case "delay":
		return "The header x-fault needs a duration for delay, such as delay=2s, of at most " + longestDelay.String() + "."
	case "shift":
		return "The header x-fault needs a duration for shift, such as shift=-2h or shift=20m, of at most " +
			longestShift.String() + "."
	case "end":
		reasons := make([]string, 0, len(endReasons()))
		for _, reason := range endReasons() {
			reasons = append(reasons, string(reason))
		}
		return "The header x-fault can end a session for one of these reasons: " + strings.Join(reasons, ", ") + "."
	default:
		return "The header x-fault has a value where there can be none: " + name + "."
	}
}

// runWith runs an operation with faults.
func (g *graphQL) runWith(
	ctx context.Context, injected faults, caller *tickets.Caller, document string, operation *graphql.OperationContext,
) *graphql.Response {
	on, err := g.inject(ctx, injected, caller, operation)
	if err != nil {
		return g.failed(ctx, err)
	}
	return g.run(ctx, on, document, operation)
}

// inject does what shall happen before an operation, and returns what runs it. With an error
// nothing shall.
func (g *graphQL) inject(
	ctx context.Context, injected faults, caller *tickets.Caller, operation *graphql.OperationContext,
) (*executor.Executor, error) {
	if injected.rotate {
		if err := g.settings.Faults.Rotate(ctx); err != nil {
			return nil, err
		}
	}
	if injected.end != "" {
		refreshToken := refreshTokenOf(operation)
		if refreshToken.Reveal() == "" && caller.AccessToken.Reveal() == "" {
			return nil, graph.RequestError(problem.CodeBadUserInput,
				"The header x-fault can end no session: the request has neither an access token nor an argument refreshToken.")
		}
		if err := g.settings.Office.EndFor(ctx, caller, refreshToken, injected.end); err != nil {
			return nil, err
		}
	}
	switch {
	case injected.busy:
		return nil, &models.Error{Reason: models.ReasonBusy, RetryAfter: time.Second}
	case injected.shift != 0:
		return g.executorOf(g.settings.Faults.Shifted(injected.shift)), nil
	default:
		return g.executor, nil
	}
}

// refreshTokenOf returns the refresh token that an operation is about; empty where there is none.
func refreshTokenOf(operation *graphql.OperationContext) secret.Text {
	for _, field := range graphql.CollectFields(operation, operation.Operation.SelectionSet, []string{"Mutation"}) {
		if token, ok := field.ArgumentMap(operation.Variables)["refreshToken"].(string); ok {
			return secret.New(token)
		}
	}
	return secret.Text{}
}

// holdAnswer reports whether the answer goes out late or never.
func (f faults) holdAnswer() bool { return f.drop || f.delay > 0 }

// heldAnswer keeps an answer until it goes out.
type heldAnswer struct {
	http.ResponseWriter

	status int
	body   bytes.Buffer
}

// WriteHeader implements http.ResponseWriter.
func (h *heldAnswer) WriteHeader(status int) { h.status = status }

// Write implements http.ResponseWriter.
func (h *heldAnswer) Write(content []byte) (int, error) { return h.body.Write(content) }

// release sends an answer after its delay, or closes the connection instead.
func (g *graphQL) release(ctx context.Context, held *heldAnswer, injected faults) {
	markWorking(ctx)
	defer markSlow(ctx)
	select {
	case <-time.After(injected.delay):
	case <-gone(ctx):
	}
	if !injected.drop {
		held.ResponseWriter.WriteHeader(held.status)
		_, _ = held.ResponseWriter.Write(held.body.Bytes())
		return
	}

	connection, _, err := http.NewResponseController(held.ResponseWriter).Hijack()
	if err == nil {
		err = connection.Close()
	}
	if err != nil {
		g.settings.Log.ErrorContext(ctx, "answer not dropped", "error", err)
	}
}
