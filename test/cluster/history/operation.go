package history

import "time"

// Kind is the kind of an operation.
type Kind string

const (
	// Refresh asks for the next ticket of the session.
	Refresh Kind = "refresh"
	// Look asks who the shopper is, with an access token of the session.
	Look Kind = "look"
	// SignOut ends the session.
	SignOut Kind = "sign out"
	// Everywhere ends all sessions of the shopper, including this one.
	Everywhere Kind = "sign out everywhere"
	// Elsewhere is like Everywhere, but with a token of another session of the shopper.
	Elsewhere Kind = "sign out everywhere, from elsewhere"
	// End ends the session by its id, with a token of another session of the shopper.
	End Kind = "end"
	// Claim ends the session of an anonymous shopper who signs in.
	Claim Kind = "claim"
	// Replace ends a customer's session because the customer signs in again on the same device.
	Replace Kind = "replace"
)

// These are the reasons for which a session has ended, as in the schema's ErrorReason.
const (
	signedIn            = "SIGNED_IN"
	signedOut           = "SIGNED_OUT"
	signedOutEverywhere = "SIGNED_OUT_EVERYWHERE"
	endedByOther        = "SESSION_ENDED"
	replaced            = "SESSION_REPLACED"
)

// endReason returns the reason of a session that an operation of this kind has ended, or nothing if
// the kind ends no session.
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

// Operation is a client's request about one session, and the answer.
type Operation struct {
	Kind Kind
	// Phase is the fault that was tried at the time.
	Phase string
	// Server is the number of the server.
	Server int
	// Generation is the generation of the token in the request. The first ticket has generation 0.
	Generation int
	// Call is when the request was sent, and Return when the answer arrived, both since the history
	// began.
	Call, Return time.Duration
	// Unanswered means that nobody knows whether the operation was, or will be, carried out. Then
	// Return and Answer mean nothing.
	Unanswered bool
	Answer     Answer
	// Customer is the customer who claims an anonymous session.
	Customer string
}

// Answer is the server's answer.
type Answer struct {
	// Ticket is the whole ticket of a successful refresh.
	Ticket string
	// Refused is the reason for which the session was refused, or empty.
	Refused string
	// SessionsEnded is how many sessions a sign-out ended.
	SessionsEnded int
	// Claim is the outcome of a claim, as in the schema's ClaimOutcome.
	Claim string
}

// confirmsEnd reports whether the answer says that this operation, or an earlier one, ended the
// session.
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

// showsBeyond reports whether the session had passed a generation when the operation returned.
func (o Operation) showsBeyond(generation int) bool {
	return o.showsEnd() || (o.Kind == Refresh && !o.Unanswered && o.Generation >= generation)
}

// explains reports whether the operation can be the reason why another one was refused.
func (o Operation) explains(refused Operation) bool {
	reason := o.Kind.endReason()
	if reason == "" || o.Call >= refused.Return {
		return false
	}
	return reason == refused.Answer.Refused || (refused.Kind == Claim && o.Kind != Claim)
}

// isRefused reports whether the answer said that the token is no longer valid.
func (o Operation) isRefused() bool {
	return !o.Unanswered && (o.Answer.Refused != "" || (o.Kind == Claim && o.Answer.Claim != claimed))
}
