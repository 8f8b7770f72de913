// Package problem says what a client learns about a failure. It maps each reason to a code, a next
// step, a message and an HTTP status, in one table that GraphQL and RFC 7662 share.
package problem

import (
	"cmp"
	"context"
	"errors"
	"math"
	"time"

	"github.com/authtickets/authtickets/models"
)

// Code is the kind of a failure. The schema's ErrorCode is bound to it.
type Code string

// The codes are described in schema.graphqls.
const (
	CodeUnauthenticated            Code = "UNAUTHENTICATED"
	CodeForbidden                  Code = "FORBIDDEN"
	CodeBadUserInput               Code = "BAD_USER_INPUT"
	CodeTryAgain                   Code = "TRY_AGAIN"
	CodeInternalServerError        Code = "INTERNAL_SERVER_ERROR"
	CodeParseFailed                Code = "GRAPHQL_PARSE_FAILED"
	CodeValidationFailed           Code = "GRAPHQL_VALIDATION_FAILED"
	CodePersistedQueryNotFound     Code = "PERSISTED_QUERY_NOT_FOUND"
	CodePersistedQueryNotSupported Code = "PERSISTED_QUERY_NOT_SUPPORTED"
)

// NextStep is what a client should do next. The schema's NextStep is bound to it.
type NextStep string

// The steps are described in schema.graphqls.
const (
	NextStepRefresh  NextStep = "REFRESH"
	NextStepSignIn   NextStep = "SIGN_IN"
	NextStepWait     NextStep = "WAIT"
	NextStepFixInput NextStep = "FIX_INPUT"
)

// Problem is what a client learns about a failure.
type Problem struct {
	Reason   models.Reason
	Code     Code
	NextStep NextStep
	Message  string
	// Status is the HTTP status where failures are reported by status. In GraphQL they are not.
	Status int
	// RetryAfterSeconds is how long the client should wait. It is positive if NextStep is WAIT, and
	// zero otherwise.
	RetryAfterSeconds int
}

// usualWait is how long a client should wait if the failure does not say how long.
const usualWait = 5 * time.Second

// Of returns what a client learns about an error. An error that is not a models.Error becomes
// TIMED_OUT if the request's context ended, and INTERNAL otherwise. Its text is never shown.
func Of(err error) Problem {
	failure, ok := errors.AsType[*models.Error](err)
	switch {
	case ok:
		return of(failure)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return of(&models.Error{Reason: models.ReasonTimedOut, RetryAfter: time.Second})
	default:
		return of(&models.Error{Reason: models.ReasonInternal})
	}
}

func of(failure *models.Error) Problem {
	reason := failure.Reason
	row, ok := table[reason]
	if !ok {
		reason = models.ReasonInternal
		row = table[reason]
	}

	step := row.nextStep
	switch {
	case failure.Refreshable:
		step = NextStepRefresh
	case failure.Replaceable:
		step = NextStepSignIn
	case failure.RetryAfter > 0:
		step = NextStepWait
	}

	seconds := 0
	if step == NextStepWait {
		seconds = int(math.Ceil(cmp.Or(failure.RetryAfter, usualWait).Seconds()))
	}
	return Problem{
		Reason:            reason,
		Code:              row.code,
		NextStep:          step,
		Message:           row.message,
		Status:            row.status,
		RetryAfterSeconds: seconds,
	}
}
