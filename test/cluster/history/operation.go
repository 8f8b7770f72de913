package history

import "time"

// Kind is what an operation asks for.
type Kind string

const (
	// Refresh asks for the next ticket of the session.
	Refresh Kind = "refresh"
	// Look asks who the shopper is, with an access token of the session.
	Look Kind = "look"
	// SignOut ends the session.
	SignOut Kind = "sign out"
	// Everywhere ends all sessions of the shopper, this one among them.
	Everywhere Kind = "sign out everywhere"
	// Elsewhere is Everywhere, asked for with a token of another session of the shopper.
	Elsewhere Kind = "sign out everywhere, from elsewhere"
	// End ends the session by its id, asked for with a token of another session of the shopper.
	End Kind = "end"
	// Claim ends the session of an anonymous shopper who signs in.
	Claim Kind = "claim"
	// Replace ends a customer's session because the customer signs in again on the same device.
	Replace Kind = "replace"
)

// Why a session has ended, as the schema's ErrorReason names it.
const (
	signedIn            = "SIGNED_IN"
	signedOut           = "SIGNED_OUT"
	signedOutEverywhere = "SIGNED_OUT_EVERYWHERE"
	endedByOther        = "SESSION_ENDED"
	replaced            = "SESSION_REPLACED"
)

// endReason is why a session has ended that an operation of this kind has ended; empty for a kind
// that ends none.
func (k Kind) endReason() string {
	switch k {
	case SignOut:
		return signedOut
	case Everywhere, Elsewhere:
		return signedOutEverywhere
	case End:
		return endedByOther
	case Claim:
		return signedIn
	case Replace:
		return replaced
	case Refresh, Look:
	}
	return ""
}

// Operation is what a client asked about one session, and what it was told.
type Operation struct {
	Kind Kind
	// Phase names what was done to the cluster at the time.
	Phase string
	// Server is the number of the server that was asked.
	Server int
	// Generation is that of the token which was presented. That of the first ticket is 0.
	Generation int
	// Call and Return are when the operation was sent and when its answer came, since the history
	// began.
	Call, Return time.Duration
	// Unanswered says that nobody knows whether the operation was carried out, or will be yet. Then
	// Return and Answer mean nothing.
	Unanswered bool
	Answer     Answer
	// Customer is who claims an anonymous session.
	Customer string
}

// Answer is what a client was told.
type Answer struct {
	// Ticket is the whole ticket as it came, for a refresh that succeeded.
	Ticket string
	// Refused is the reason with which the session was refused; empty when it was not.
	Refused string
	// SessionsEnded is how many sessions a sign-out has ended.
	SessionsEnded int
	// Claim is the outcome of a claim, as the schema's ClaimOutcome names it.
	Claim string
}

// confirmsEnd reports whether the answer says that the operation has ended the session, or that an
// earlier one had.
func (o Operation) confirmsEnd() bool {
	switch {
	case o.Unanswered:
		return false
	case o.Kind == Claim:
		return o.Answer.Claim == claimed || o.Answer.Claim == claimedByAnother || o.Answer.Claim == claimTooLate
	default:
		return o.Kind.endReason() != ""
	}
}

// showsEnd reports whether the session had ended when the operation returned.
func (o Operation) showsEnd() bool {
	return o.confirmsEnd() || (!o.Unanswered && o.Answer.Refused != "")
}

// showsBeyond reports whether the session had left a generation when the operation returned.
func (o Operation) showsBeyond(generation int) bool {
	return o.showsEnd() || (o.Kind == Refresh && !o.Unanswered && o.Generation >= generation)
}

// explains reports whether the operation is a reason for the refusal that another one met with.
func (o Operation) explains(refused Operation) bool {
	reason := o.Kind.endReason()
	if reason == "" || o.Call >= refused.Return {
		return false
	}
	return reason == refused.Answer.Refused || (refused.Kind == Claim && o.Kind != Claim)
}

// isRefused reports whether the client was told that its token is no longer good.
func (o Operation) isRefused() bool {
	return !o.Unanswered && (o.Answer.Refused != "" || (o.Kind == Claim && o.Answer.Claim != claimed))
}
