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

// complete adds to an error the extension response: the status and the body with which the REST
// resource would have answered. Kibo's storefront reads both.
func complete(fault *gqlerror.Error, requestID string) {
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

// refuse says how to refuse a caller who brings an application's token and a shopper's access token
// that is not valid. The status is 0 for any other caller. Clients look for exactly this body. They
// then fetch another shopper's token and repeat the request.
func refuse(ctx context.Context, office *tickets.Office, caller *access.Caller) (status int, body string) {
	if caller.ApplicationToken.Reveal() == "" || caller.AccessToken.Reveal() == "" {
		return 0, ""
	}
	_, err := office.Verify(ctx, caller, tickets.Selection{})
	if err == nil {
		return 0, ""
	}

	// With any other next step, a new token would not help.
	if step := problem.Of(err).NextStep; step != problem.NextStepRefresh && step != problem.NextStepSignIn {
		return 0, ""
	}
	return http.StatusUnauthorized, `{"message":"invalid_token"}`
}
