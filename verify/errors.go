package verify

import "errors"

// These are the errors of Verify, for errors.Is.
var (
	// ErrInvalid means that the token is not a valid ticket of this issuer for this audience. An
	// opaque token that has expired or was revoked usually gets this error too, because the server
	// only says that it is not active (RFC 7662 section 2.2). The client should refresh its ticket.
	ErrInvalid = errors.New("no valid ticket")
	// ErrExpired means that the ticket was valid, but has expired. The client should refresh it.
	ErrExpired = errors.New("the ticket has expired")
	// ErrRevoked means that the ticket has not expired, but its session has ended. A sign-out, a
	// claim, a reused token or disabling the application can end it.
	ErrRevoked = errors.New("the ticket was revoked")
	// ErrUnavailable means that the server did not answer, so the ticket could not be checked. The
	// same ticket may be accepted a moment later.
	ErrUnavailable = errors.New("tickets cannot be verified now")
)
