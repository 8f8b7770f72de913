package gqlhttp

import (
	"context"
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

// FaultHeader lists the faults of a request.
const FaultHeader = "X-Fault"

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

// runWith runs an operation with faults.
func (e *Endpoint) runWith(
	ctx context.Context, injected faults, caller *tickets.Caller, document string, operation *graphql.OperationContext,
) *graphql.Response {
	on, err := e.inject(ctx, injected, caller, operation)
	if err != nil {
		return e.failed(ctx, err)
	}
	return e.run(ctx, on, document, operation)
}

// inject does what shall happen before an operation, and returns what runs it. With an error
// nothing shall.
func (e *Endpoint) inject(
	ctx context.Context, injected faults, caller *tickets.Caller, operation *graphql.OperationContext,
) (*executor.Executor, error) {
	if injected.rotate {
		if err := e.settings.Faults.Rotate(ctx); err != nil {
			return nil, err
		}
	}
	if injected.end != "" {
		refreshToken := refreshTokenOf(operation)
		if refreshToken.Reveal() == "" && caller.AccessToken.Reveal() == "" {
			return nil, graph.RequestError(problem.CodeBadUserInput,
				"The header x-fault can end no session: the request has neither an access token nor an argument refreshToken.")
		}
		if err := e.settings.Office.EndFor(ctx, caller, refreshToken, injected.end); err != nil {
			return nil, err
		}
	}
	switch {
	case injected.busy:
		return nil, &models.Error{Reason: models.ReasonBusy, RetryAfter: time.Second}
	case injected.shift != 0:
		return e.executorOf(e.settings.Faults.Shifted(injected.shift)), nil
	default:
		return e.executor, nil
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
