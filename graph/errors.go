package graph

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"math"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
)

// ErrorCode is the kind of an error. The schema's ErrorCode is bound to it, and describes its values.
type ErrorCode string

// The codes are described in schema.graphqls.
const (
	CodeUnauthenticated            ErrorCode = "UNAUTHENTICATED"
	CodeForbidden                  ErrorCode = "FORBIDDEN"
	CodeBadUserInput               ErrorCode = "BAD_USER_INPUT"
	CodeTryAgain                   ErrorCode = "TRY_AGAIN"
	CodeInternalServerError        ErrorCode = "INTERNAL_SERVER_ERROR"
	CodeParseFailed                ErrorCode = "GRAPHQL_PARSE_FAILED"
	CodeValidationFailed           ErrorCode = "GRAPHQL_VALIDATION_FAILED"
	CodePersistedQueryNotFound     ErrorCode = "PERSISTED_QUERY_NOT_FOUND"
	CodePersistedQueryNotSupported ErrorCode = "PERSISTED_QUERY_NOT_SUPPORTED"
)

// NextStep is what a client does now. The schema's NextStep is bound to it, and describes its values.
type NextStep string

// The steps are described in schema.graphqls.
const (
	NextStepRefresh  NextStep = "REFRESH"
	NextStepSignIn   NextStep = "SIGN_IN"
	NextStepWait     NextStep = "WAIT"
	NextStepFixInput NextStep = "FIX_INPUT"
)

// shown is how a reason is told to a client.
type shown struct {
	code    ErrorCode
	step    NextStep
	message string
}

// show is the one table of what clients are told. A reason it does not know is shown as INTERNAL.
func show(reason models.Reason) shown {
	switch reason {
	case models.ReasonRequestInvalid:
		return shown{CodeBadUserInput, NextStepFixInput, "The request cannot be run."}
	case models.ReasonLimitExceeded:
		return shown{CodeBadUserInput, NextStepFixInput, "The request goes beyond a limit."}
	case models.ReasonDocumentNotTrusted:
		return shown{CodeForbidden, NextStepFixInput, "The document is not one of those that this server runs."}
	case models.ReasonUsernameInvalid:
		return shown{CodeBadUserInput, NextStepFixInput, "The user name is empty, too long, or has characters that names cannot have."}
	case models.ReasonPasswordInvalid:
		return shown{CodeBadUserInput, NextStepFixInput, "The password is empty, too long, or has characters that passwords cannot have."}
	case models.ReasonInvalidCredentials:
		return shown{CodeBadUserInput, NextStepFixInput, "The user name or the password is wrong."}
	case models.ReasonAccountLocked:
		return shown{CodeForbidden, NextStepFixInput, "The account is locked."}
	case models.ReasonAccountInactive:
		return shown{CodeForbidden, NextStepFixInput, "The account is inactive."}
	case models.ReasonAccountDeleted:
		return shown{CodeUnauthenticated, NextStepSignIn, "The account has been deleted."}
	case models.ReasonTokenMissing:
		return shown{CodeUnauthenticated, NextStepSignIn, "There is no access token in the request."}
	case models.ReasonTokenInvalid:
		return shown{CodeUnauthenticated, NextStepSignIn, "The token is not valid."}
	case models.ReasonTokenExpired:
		return shown{CodeUnauthenticated, NextStepSignIn, "The token has expired."}
	case models.ReasonTokenReused:
		return shown{CodeUnauthenticated, NextStepSignIn, "The refresh token was used before, so its session has ended."}
	case models.ReasonAttemptInvalid:
		return shown{CodeBadUserInput, NextStepFixInput, "The attempt must have 16 to 64 letters and digits."}
	case models.ReasonSignedIn:
		return shown{CodeUnauthenticated, NextStepSignIn, "The anonymous session has ended: its shopper has signed in."}
	case models.ReasonSignedOut:
		return shown{CodeUnauthenticated, NextStepSignIn, "The session was signed out."}
	case models.ReasonSignedOutEverywhere:
		return shown{CodeUnauthenticated, NextStepSignIn, "All sessions of the shopper were signed out."}
	case models.ReasonSessionEnded:
		return shown{CodeUnauthenticated, NextStepSignIn, "The session was ended from another one of the customer."}
	case models.ReasonSessionReplaced:
		return shown{CodeUnauthenticated, NextStepSignIn, "The session has ended: the customer signed in here again."}
	case models.ReasonTooManySessions:
		return shown{CodeUnauthenticated, NextStepSignIn, "The session has ended: the customer has too many."}
	case models.ReasonEndedByOperator:
		return shown{CodeUnauthenticated, NextStepSignIn, "The session was ended by an operator."}
	case models.ReasonPasswordChanged:
		return shown{CodeUnauthenticated, NextStepSignIn, "The session has ended: the password was changed."}
	case models.ReasonNotAllowed:
		return shown{CodeForbidden, NextStepFixInput, "This is another shopper's."}
	case models.ReasonApplicationMissing:
		return shown{CodeUnauthenticated, NextStepFixInput, "The request must name its application in the header x-application."}
	case models.ReasonApplicationInvalid:
		return shown{CodeUnauthenticated, NextStepFixInput, "There is no such application, or the secret is not right."}
	case models.ReasonApplicationDisabled:
		return shown{CodeForbidden, NextStepFixInput, "The application is disabled, or was since the session began."}
	case models.ReasonOriginNotAllowed:
		return shown{CodeForbidden, NextStepFixInput, "Pages of this origin may not call in the name of the application."}
	case models.ReasonBehaviorMissing:
		return shown{CodeForbidden, NextStepFixInput, "Neither the application nor the ticket has the behavior that this needs."}
	case models.ReasonAccountNotFound:
		return shown{CodeBadUserInput, NextStepFixInput, "There is no such account."}
	case models.ReasonAccountInvalid:
		return shown{CodeBadUserInput, NextStepFixInput, "The account cannot be like this."}
	case models.ReasonTooManyAttempts:
		return shown{CodeTryAgain, NextStepWait, "Too many wrong guesses. Wait before the next."}
	case models.ReasonBusy:
		return shown{CodeTryAgain, NextStepWait, "The server cannot answer at the moment. Try again."}
	case models.ReasonTimedOut:
		return shown{CodeTryAgain, NextStepWait, "The request took too long. Try again."}
	case models.ReasonInternal:
	}
	return shown{CodeInternalServerError, NextStepWait, "The server failed. The operator finds the reason under the error's id."}
}

// Presenter turns every error into what a client is told. An error that was not built to be shown is told as INTERNAL, and logged with an id
// that is drawn from random. Names of the schema are told where introspection is on: elsewhere they would tell what a guess has hit.
func Presenter(log *slog.Logger, random io.Reader, introspection bool) graphql.ErrorPresenterFunc {
	var names schemaNames
	if introspection {
		names = namesOf(parsedSchema)
	}
	return func(ctx context.Context, err error) *gqlerror.Error {
		if unfit := requestError(err, names); unfit != nil {
			return unfit
		}
		var known *models.Error
		refusal, refused := errors.AsType[accounts.RefusedError](err)
		switch {
		case errors.As(err, &known):
		case refused:
			known = &models.Error{Reason: models.ReasonAccountInvalid}
		case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
			known = &models.Error{Reason: models.ReasonTimedOut, RetryAfter: time.Second}
		default:
			known = &models.Error{Reason: models.ReasonInternal}
		}
		presented := present(known)
		if refused {
			presented.Message = "The account is refused: " + refusal.Error() + "."
		}
		presented.Path = graphql.GetPath(ctx)
		if known.Reason == models.ReasonInternal {
			presented.Extensions["errorId"] = logFailure(ctx, log, random, err)
		}
		if known.Reason == models.ReasonBusy || known.Reason == models.ReasonTimedOut {
			log.WarnContext(ctx, "operation put off", "reason", known.Reason, "cause", err)
		}
		return presented
	}
}

// usualWait is how long a client waits where nobody knows better.
const usualWait = 5 * time.Second

// present returns the error that tells a client of a failure.
func present(failure *models.Error) *gqlerror.Error {
	told := show(failure.Reason)
	switch {
	case failure.Refreshable:
		told.step = NextStepRefresh
	case failure.Replaceable:
		told.step = NextStepSignIn
	case failure.RetryAfter > 0:
		told.step = NextStepWait
	}
	extensions := map[string]any{"code": told.code, "reason": failure.Reason, "nextStep": told.step}
	if told.step == NextStepWait {
		wait := cmp.Or(failure.RetryAfter, usualWait)
		extensions["retryAfterSeconds"] = int(math.Ceil(wait.Seconds()))
	}
	return &gqlerror.Error{Message: told.message, Extensions: extensions}
}

// requestError returns what is told of a document or of variables that cannot be run; nil for any other error. The messages of the parser and of the validator
// help developers, and are told but where they would repeat a value, which could be a password.
func requestError(err error, names schemaNames) *gqlerror.Error {
	var refused *gqlerror.Error
	if !errors.As(err, &refused) {
		return nil
	}
	code, _ := refused.Extensions["code"].(string)
	message := names.only(refused.Message)
	switch {
	case refused.Extensions["reason"] != nil: // made here
		return refused
	case code == errcode.ParseFailed:
		message = "The document is not GraphQL."
	case code != errcode.ValidationFailed:
		return nil
	case refused.Rule == "ValuesOfCorrectType":
		message = "A value in the document does not fit the type of its argument or field."
	case refused.Rule == "" && len(refused.Path) > 0:
		message = "A variable does not fit its type."
	case refused.Rule == "" && strings.HasSuffix(refused.Message, "not found"):
		message = "The document has no operation of this name, or several and none was named."
	}
	return RequestError(ErrorCode(code), message, refused.Locations...)
}

// LimitError returns the error of a request that goes beyond a limit, which the extension limit names as its setting is named, if it is one.
func LimitError(code ErrorCode, limit, message string) *gqlerror.Error {
	presented := present(&models.Error{Reason: models.ReasonLimitExceeded})
	presented.Message = message
	presented.Extensions["code"], presented.Extensions["limit"] = code, limit
	return presented
}

// NotTrustedError returns the error of a document that is not on the operator's list, where no others are run.
func NotTrustedError() *gqlerror.Error {
	return present(&models.Error{Reason: models.ReasonDocumentNotTrusted})
}

const longestMessage = 300

// RequestError returns the error of a request that cannot be run, with the reason REQUEST_INVALID.
func RequestError(code ErrorCode, message string, locations ...gqlerror.Location) *gqlerror.Error {
	if len(message) > longestMessage {
		message = message[:longestMessage] + "…"
	}
	presented := present(&models.Error{Reason: models.ReasonRequestInvalid})
	presented.Message, presented.Locations = message, locations
	presented.Extensions["code"] = code
	return presented
}

// logFailure writes the one log record of a failure and returns the id under which it is found.
func logFailure(ctx context.Context, log *slog.Logger, random io.Reader, err error) string {
	var id [8]byte
	_, _ = io.ReadFull(random, id[:]) // an id of zeros is better than no answer
	text := hex.EncodeToString(id[:])
	log.ErrorContext(ctx, "operation failed", "errorId", text, "path", graphql.GetPath(ctx).String(), "error", err)
	return text
}
