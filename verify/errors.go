package verify

import "errors"

// What Verify refuses a token with, for errors.Is.
var (
	// ErrInvalid is returned for what is no ticket of this issuer for this audience. That is so of an opaque token, too, about which the server says only that it is not good
	// (RFC 7662 section 2.2): it may have expired or been revoked. A client refreshes its ticket, and learns from that.
	ErrInvalid = errors.New("no valid ticket")
	// ErrExpired is returned for a ticket that was good. A client refreshes it.
	ErrExpired = errors.New("the ticket has expired")
	// ErrRevoked is returned for a ticket that has not expired, but whose session has ended: signed out, claimed, used twice, or of an application that was disabled.
	ErrRevoked = errors.New("the ticket was revoked")
	// ErrUnavailable is returned where it cannot be told whether a ticket is good, because the server has not answered. The same ticket may be good a moment later.
	ErrUnavailable = errors.New("tickets cannot be verified now")
)
