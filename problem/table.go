package problem

import (
	"net/http"

	"github.com/authtickets/authtickets/models"
)

// entry is a row of the table.
type entry struct {
	status   int
	code     Code
	nextStep NextStep
	message  string
}

// table has one row for each reason. A reason without a row is shown as INTERNAL.
//
// An unknown application or a wrong secret has the status 401, as RFC 6749 section 5.2 requires. A
// disabled application has 401 too, although its code is FORBIDDEN. A wrong password has 400, like
// the error invalid_grant of that section, because clients refresh their ticket after a 401.
var table = map[models.Reason]entry{ //nolint:gochecknoglobals // constant
	models.ReasonRequestInvalid: {
		http.StatusBadRequest, CodeBadUserInput, NextStepFixInput,
		"The request cannot be run.",
	},
	models.ReasonLimitExceeded: {
		http.StatusBadRequest, CodeBadUserInput, NextStepFixInput,
		"The request goes beyond a limit.",
	},
	models.ReasonDocumentNotTrusted: {
		http.StatusForbidden, CodeForbidden, NextStepFixInput,
		"The document is not one of those that this server runs.",
	},
	models.ReasonUsernameInvalid: {
		http.StatusBadRequest, CodeBadUserInput, NextStepFixInput,
		"The user name is empty, too long, or has characters that names cannot have.",
	},
	models.ReasonPasswordInvalid: {
		http.StatusBadRequest, CodeBadUserInput, NextStepFixInput,
		"The password is empty, too long, or has characters that passwords cannot have.",
	},
	models.ReasonInvalidCredentials: {
		http.StatusBadRequest, CodeBadUserInput, NextStepFixInput,
		"The user name or the password is wrong.",
	},
	models.ReasonAccountLocked: {
		http.StatusForbidden, CodeForbidden, NextStepFixInput,
		"The account is locked.",
	},
	models.ReasonAccountInactive: {
		http.StatusForbidden, CodeForbidden, NextStepFixInput,
		"The account is inactive.",
	},
	models.ReasonAccountDeleted: {
		http.StatusUnauthorized, CodeUnauthenticated, NextStepSignIn,
		"The account has been deleted.",
	},
	models.ReasonTokenMissing: {
		http.StatusUnauthorized, CodeUnauthenticated, NextStepSignIn,
		"There is no access token in the request.",
	},
	models.ReasonTokenInvalid: {
		http.StatusUnauthorized, CodeUnauthenticated, NextStepSignIn,
		"The token is not valid.",
	},
	models.ReasonTokenExpired: {
		http.StatusUnauthorized, CodeUnauthenticated, NextStepSignIn,
		"The token has expired.",
	},
	models.ReasonTokenReused: {
		http.StatusUnauthorized, CodeUnauthenticated, NextStepSignIn,
		"The refresh token was used before, so its session has ended.",
	},
	models.ReasonAttemptInvalid: {
		http.StatusBadRequest, CodeBadUserInput, NextStepFixInput,
		"The attempt must have 16 to 64 letters and digits.",
	},
	models.ReasonSignedIn: {
		http.StatusUnauthorized, CodeUnauthenticated, NextStepSignIn,
		"The anonymous session has ended: its shopper has signed in.",
	},
	models.ReasonSignedOut: {
		http.StatusUnauthorized, CodeUnauthenticated, NextStepSignIn,
		"The session was signed out.",
	},
	models.ReasonSignedOutEverywhere: {
		http.StatusUnauthorized, CodeUnauthenticated, NextStepSignIn,
		"All sessions of the shopper were signed out.",
	},
	models.ReasonSessionEnded: {
		http.StatusUnauthorized, CodeUnauthenticated, NextStepSignIn,
		"The session was ended from another one of the customer.",
	},
	models.ReasonSessionReplaced: {
		http.StatusUnauthorized, CodeUnauthenticated, NextStepSignIn,
		"The session has ended: the customer signed in here again.",
	},
	models.ReasonTooManySessions: {
		http.StatusUnauthorized, CodeUnauthenticated, NextStepSignIn,
		"The session has ended: the customer has too many.",
	},
	models.ReasonEndedByOperator: {
		http.StatusUnauthorized, CodeUnauthenticated, NextStepSignIn,
		"The session was ended by an operator.",
	},
	models.ReasonPasswordChanged: {
		http.StatusUnauthorized, CodeUnauthenticated, NextStepSignIn,
		"The session has ended: the password was changed.",
	},
	models.ReasonNotAllowed: {
		http.StatusForbidden, CodeForbidden, NextStepFixInput,
		"This is another shopper's.",
	},
	models.ReasonApplicationMissing: {
		http.StatusUnauthorized, CodeUnauthenticated, NextStepFixInput,
		"The request must name its application in the header x-application.",
	},
	models.ReasonApplicationInvalid: {
		http.StatusUnauthorized, CodeUnauthenticated, NextStepFixInput,
		"There is no such application, or its secret or token is not valid.",
	},
	models.ReasonApplicationDisabled: {
		http.StatusUnauthorized, CodeForbidden, NextStepFixInput,
		"The application is disabled, or was since the session began.",
	},
	models.ReasonOriginNotAllowed: {
		http.StatusForbidden, CodeForbidden, NextStepFixInput,
		"Pages of this origin may not call in the name of the application.",
	},
	models.ReasonBehaviorMissing: {
		http.StatusForbidden, CodeForbidden, NextStepFixInput,
		"The application does not have the behavior that this needs.",
	},
	models.ReasonAccountNotFound: {
		http.StatusNotFound, CodeBadUserInput, NextStepFixInput,
		"There is no such account.",
	},
	models.ReasonAccountInvalid: {
		http.StatusBadRequest, CodeBadUserInput, NextStepFixInput,
		"The account cannot be like this.",
	},
	models.ReasonTooManyAttempts: {
		http.StatusTooManyRequests, CodeTryAgain, NextStepWait,
		"Too many wrong guesses. Wait before the next.",
	},
	models.ReasonBusy: {
		http.StatusServiceUnavailable, CodeTryAgain, NextStepWait,
		"The server cannot answer at the moment. Try again.",
	},
	models.ReasonTimedOut: {
		http.StatusServiceUnavailable, CodeTryAgain, NextStepWait,
		"The request took too long. Try again.",
	},
	models.ReasonInternal: {
		http.StatusInternalServerError, CodeInternalServerError, NextStepWait,
		"The server failed. The operator finds the reason under the error's id.",
	},
}
