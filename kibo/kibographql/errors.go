package kibographql

import (
	"context"
	"net/http"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/kibo"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/problem"
	"github.com/authtickets/authtickets/tickets"
)

// Complete adds to an error the extension response: the status and the body with which the REST
// resource would have answered. Kibo's storefront reads both.
func Complete(fault *gqlerror.Error, requestID string) {
	if fault.Extensions == nil {
		fault.Extensions = map[string]any{}
	}
	reason, _ := fault.Extensions["reason"].(models.Reason)
	step, _ := fault.Extensions["nextStep"].(problem.NextStep)
	seconds, _ := fault.Extensions["retryAfterSeconds"].(int)

	fault.Extensions["response"] = kibo.ResponseOf(problem.Problem{
		Reason:            reason,
		NextStep:          step,
		Message:           fault.Message,
		RetryAfterSeconds: seconds,
	}, requestID)
}

// Refuse returns a function that returns how to answer a caller that brings an application's token
// and a shopper's access token that is not valid. Clients look for exactly this body. They then
// fetch another shopper's token and repeat the request. The status is 0 for any other caller.
func Refuse(office *tickets.Office) func(context.Context, *access.Caller) (status int, body string) {
	return func(ctx context.Context, caller *access.Caller) (int, string) {
		if caller.ApplicationToken.Reveal() == "" || caller.AccessToken.Reveal() == "" {
			return 0, ""
		}
		_, err := office.Verify(ctx, caller, tickets.Selection{})
		if err == nil {
			return 0, ""
		}

		// Another token does not help against the other steps.
		if step := problem.Of(err).NextStep; step != problem.NextStepRefresh && step != problem.NextStepSignIn {
			return 0, ""
		}
		return http.StatusUnauthorized, `{"message":"invalid_token"}`
	}
}
