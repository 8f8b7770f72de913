package models

import "time"

// Reason says exactly why an operation failed, or why a session ended. The schema's ErrorReason is
// bound to it.
type Reason string

// The reasons are described in schema.graphqls.
const (
	ReasonRequestInvalid      Reason = "REQUEST_INVALID"
	ReasonLimitExceeded       Reason = "LIMIT_EXCEEDED"
	ReasonDocumentNotTrusted  Reason = "DOCUMENT_NOT_TRUSTED"
	ReasonUsernameInvalid     Reason = "USERNAME_INVALID"
	ReasonPasswordInvalid     Reason = "PASSWORD_INVALID"
	ReasonInvalidCredentials  Reason = "INVALID_CREDENTIALS"
	ReasonAccountLocked       Reason = "ACCOUNT_LOCKED"
	ReasonAccountInactive     Reason = "ACCOUNT_INACTIVE"
	ReasonAccountDeleted      Reason = "ACCOUNT_DELETED"
	ReasonTokenMissing        Reason = "TOKEN_MISSING"
	ReasonTokenInvalid        Reason = "TOKEN_INVALID"
	ReasonTokenExpired        Reason = "TOKEN_EXPIRED"
	ReasonTokenReused         Reason = "TOKEN_REUSED"
	ReasonAttemptInvalid      Reason = "ATTEMPT_INVALID"
	ReasonSignedIn            Reason = "SIGNED_IN"
	ReasonSignedOut           Reason = "SIGNED_OUT"
	ReasonSignedOutEverywhere Reason = "SIGNED_OUT_EVERYWHERE"
	ReasonSessionEnded        Reason = "SESSION_ENDED"
	ReasonSessionReplaced     Reason = "SESSION_REPLACED"
	ReasonTooManySessions     Reason = "TOO_MANY_SESSIONS"
	ReasonEndedByOperator     Reason = "ENDED_BY_OPERATOR"
	ReasonPasswordChanged     Reason = "PASSWORD_CHANGED"
	ReasonNotAllowed          Reason = "NOT_ALLOWED"
	ReasonApplicationMissing  Reason = "APPLICATION_MISSING"
	ReasonApplicationInvalid  Reason = "APPLICATION_INVALID"
	ReasonApplicationDisabled Reason = "APPLICATION_DISABLED"
	ReasonOriginNotAllowed    Reason = "ORIGIN_NOT_ALLOWED"
	ReasonBehaviorMissing     Reason = "BEHAVIOR_MISSING"
	ReasonAccountNotFound     Reason = "ACCOUNT_NOT_FOUND"
	ReasonAccountInvalid      Reason = "ACCOUNT_INVALID"
	ReasonTooManyAttempts     Reason = "TOO_MANY_ATTEMPTS"
	ReasonBusy                Reason = "BUSY"
	ReasonTimedOut            Reason = "TIMED_OUT"
	ReasonInternal            Reason = "INTERNAL"
)

// Error is a failure that clients may see. Any other error is shown as INTERNAL, without its cause.
type Error struct {
	Reason Reason
	// RetryAfter is how long to wait before the same request can succeed. It is zero if waiting
	// does not help, or if the time is unknown.
	RetryAfter time.Duration
	// Refreshable is true if a refresh helps, because only the access token is wrong.
	Refreshable bool
	// Replaceable is true if signing in helps, because the session is over or the refresh token is
	// not valid.
	Replaceable bool
}

// Error implements error.
func (e *Error) Error() string { return string(e.Reason) }

// Is makes errors.Is compare only the reasons of two Errors.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other.Reason == e.Reason
}
