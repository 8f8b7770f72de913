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
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/problem"
)

// Presenter returns a function that turns every error into the one that the client gets. An unknown
// error becomes INTERNAL, and is logged with a random id. If introspection is off, names of the
// schema are hidden, because they would show how close a guess was.
func Presenter(log *slog.Logger, random io.Reader, introspection bool) graphql.ErrorPresenterFunc {
	return PresenterFor(parsedSchema, log, random, introspection)
}

// PresenterFor is Presenter for another schema.
func PresenterFor(
	schema *ast.Schema, log *slog.Logger, random io.Reader, introspection bool,
) graphql.ErrorPresenterFunc {
	var names schemaNames
	if introspection {
		names = namesOf(schema)
	}
	return func(ctx context.Context, err error) *gqlerror.Error {
		if refused := requestError(err, names); refused != nil {
			return refused
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

// present returns the error that tells a client about a problem.
func present(found problem.Problem) *gqlerror.Error {
	extensions := map[string]any{"code": found.Code, "reason": found.Reason, "nextStep": found.NextStep}
	if found.RetryAfterSeconds > 0 {
		extensions["retryAfterSeconds"] = found.RetryAfterSeconds
	}
	return &gqlerror.Error{Message: found.Message, Extensions: extensions}
}

// presentReason returns the error that tells a client about a reason and nothing else.
func presentReason(reason models.Reason) *gqlerror.Error {
	return present(problem.Of(&models.Error{Reason: reason}))
}

// requestError returns the error for a document or variables that cannot be run. It returns nil for
// any other error. The messages of the parser and the validator help developers. A message that
// could repeat a value is replaced, because the value could be a password.
func requestError(err error, names schemaNames) *gqlerror.Error {
	var refused *gqlerror.Error
	if !errors.As(err, &refused) {
		return nil
	}

	code, _ := refused.Extensions["code"].(string)
	message := names.hideOthers(refused.Message)
	switch {
	case refused.Extensions["reason"] != nil: // already made by this package
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

// LimitError returns the error of a request that exceeds a limit. The extension limit has the name
// of the setting, if there is one.
func LimitError(code problem.Code, limit, message string) *gqlerror.Error {
	presented := presentReason(models.ReasonLimitExceeded)
	presented.Message = message
	presented.Extensions["code"], presented.Extensions["limit"] = code, limit
	return presented
}

// NotTrustedError returns the error of a document that the operator has not listed.
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

// logFailure logs a failure and returns the id of the record.
func logFailure(ctx context.Context, log *slog.Logger, random io.Reader, err error) string {
	var id [8]byte
	_, _ = io.ReadFull(random, id[:]) // an id of zeros is better than no answer
	text := hex.EncodeToString(id[:])
	log.ErrorContext(ctx, "operation failed", "errorId", text, "path", graphql.GetPath(ctx).String(), "error", err)
	return text
}
