package graph

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/problem"
)

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

		found := problem.Of(err)
		refusal, refused := errors.AsType[accounts.RefusedError](err)
		if refused {
			found = problem.Of(&models.Error{Reason: models.ReasonAccountInvalid})
			found.Message = "The account is refused: " + refusal.Error() + "."
		}

		presented := present(found)
		presented.Path = graphql.GetPath(ctx)
		if found.Reason == models.ReasonInternal {
			presented.Extensions["errorId"] = logFailure(ctx, log, random, err)
		}
		if found.Reason == models.ReasonBusy || found.Reason == models.ReasonTimedOut {
			log.WarnContext(ctx, "operation put off", "reason", found.Reason, "cause", err)
		}
		return presented
	}
}

// present returns the error that shows a client a problem.
func present(found problem.Problem) *gqlerror.Error {
	extensions := map[string]any{"code": found.Code, "reason": found.Reason, "nextStep": found.NextStep}
	if found.RetryAfterSeconds > 0 {
		extensions["retryAfterSeconds"] = found.RetryAfterSeconds
	}
	return &gqlerror.Error{Message: found.Message, Extensions: extensions}
}

// presentReason returns the error that shows a client a reason that nothing more is known about.
func presentReason(reason models.Reason) *gqlerror.Error {
	return present(problem.Of(&models.Error{Reason: reason}))
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
	return RequestError(problem.Code(code), message, refused.Locations...)
}

// LimitError returns the error of a request that goes beyond a limit, which the extension limit names as its setting is named, if it is one.
func LimitError(code problem.Code, limit, message string) *gqlerror.Error {
	presented := presentReason(models.ReasonLimitExceeded)
	presented.Message = message
	presented.Extensions["code"], presented.Extensions["limit"] = code, limit
	return presented
}

// NotTrustedError returns the error of a document that is not on the operator's list, where no others are run.
func NotTrustedError() *gqlerror.Error {
	return presentReason(models.ReasonDocumentNotTrusted)
}

const longestMessage = 300

// RequestError returns the error of a request that cannot be run, with the reason REQUEST_INVALID.
func RequestError(code problem.Code, message string, locations ...gqlerror.Location) *gqlerror.Error {
	if len(message) > longestMessage {
		message = message[:longestMessage] + "…"
	}
	presented := presentReason(models.ReasonRequestInvalid)
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
