package gqlhttp

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/graph"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/problem"
	"github.com/authtickets/authtickets/secret"
)

// Faults let requests ask for faults, so that front-end teams can test their clients. Both fields
// are required.
type Faults struct {
	// Shifted returns a schema whose resolvers see every clock shifted by ahead.
	Shifted func(ahead time.Duration) graphql.ExecutableSchema
	// Rotate makes new keys and uses them at once.
	Rotate func(context.Context) error
}

// FaultHeader lists the faults of a request.
const FaultHeader = "X-Fault"

// longestShift is how far a request may shift the clock. No session lives longer.
const longestShift = applications.LongestSession

// endReasons returns the reasons with which a request may end its session. The other reasons need a
// real change of an account, or a real claim.
func endReasons() []models.Reason {
	return []models.Reason{
		models.ReasonEndedByOperator,
		models.ReasonPasswordChanged,
		models.ReasonSessionEnded,
		models.ReasonSessionReplaced,
		models.ReasonSignedOut,
		models.ReasonSignedOutEverywhere,
		models.ReasonTokenReused,
		models.ReasonTooManySessions,
	}
}

// inject causes the faults that come before an operation, and returns the engine to run it. If it
// returns an error, the operation must not be run.
func (e *Endpoint) inject(
	ctx context.Context, on *engine, injected faults, caller *access.Caller, operation *graphql.OperationContext,
) (*engine, error) {
	if injected.rotate {
		if err := e.settings.Faults.Rotate(ctx); err != nil {
			return nil, err
		}
	}
	if injected.end != "" {
		refreshToken := refreshTokenOf(operation)
		if refreshToken.Reveal() == "" && caller.AccessToken.Reveal() == "" {
			return nil, graph.RequestError(problem.CodeBadUserInput,
				"The header x-fault cannot end a session: "+
					"the request has neither an access token nor an argument refreshToken.")
		}
		if err := e.settings.Office.EndFor(ctx, caller, refreshToken, injected.end); err != nil {
			return nil, err
		}
	}

	switch {
	case injected.busy:
		return nil, &models.Error{Reason: models.ReasonBusy, RetryAfter: time.Second}
	case injected.shift != 0:
		return e.shift(on, injected.shift), nil
	default:
		return on, nil
	}
}

// refreshTokenOf returns the argument refreshToken of an operation, or an empty text.
func refreshTokenOf(operation *graphql.OperationContext) secret.Text {
	for _, field := range graphql.CollectFields(operation, operation.Operation.SelectionSet, []string{"Mutation"}) {
		if token, ok := field.ArgumentMap(operation.Variables)["refreshToken"].(string); ok {
			return secret.New(token)
		}
	}
	return secret.Text{}
}
