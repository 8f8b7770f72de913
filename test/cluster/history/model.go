package history

import (
	"math"
	"time"

	"github.com/anishathalye/porcupine"
)

// state is a session as a register: it is at a generation with a ticket, or it has ended.
type state struct {
	generation int
	// ticket is the ticket of the generation, or empty if no client has seen it.
	ticket string
	// ended is why the session has ended, or empty. customer is who claimed it.
	ended, customer string
}

// step returns the state after an operation. It returns false if no correct server gives this
// answer in this state.
func (s state) step(o Operation) (bool, state) {
	switch o.Kind {
	case Refresh:
		return s.refresh(o)
	case Look:
		return s.ended == o.Answer.Refused, s
	case Claim:
		return s.claim(o)
	case SignOut, Everywhere, Elsewhere, End, Replace:
		return s.end(o)
	}
	return false, s
}

func (s state) refresh(o Operation) (bool, state) {
	next := state{generation: o.Generation + 1, ticket: o.Answer.Ticket}
	switch {
	case o.Unanswered && s.ended == "" && s.generation == o.Generation:
		return true, next
	case o.Unanswered:
		return true, s
	case o.Answer.Refused != "" || s.ended != "":
		return s.ended == o.Answer.Refused, s
	case s.generation == o.Generation:
		return true, next
	case s.generation == next.generation:
		return s.ticket == "" || s.ticket == next.ticket, next
	default:
		return false, s
	}
}

// end ends the session. If this operation ended it, the answer must count it. If an earlier one
// ended it for the same reason, the answer may count it, because the server cannot always tell.
func (s state) end(o Operation) (bool, state) {
	isCounted := o.Answer.SessionsEnded > 0
	countsOne := !o.Unanswered && (o.Kind == SignOut || o.Kind == End)
	if s.ended != "" {
		return !countsOne || !isCounted || s.ended == o.Kind.endReason(), s
	}

	after := s
	after.ended = o.Kind.endReason()
	counts := countsOne || (!o.Unanswered && o.Kind == Everywhere)
	return !counts || isCounted, after
}

// These are the claim outcomes that a correct server can give to a client with a valid token.
const (
	claimed          = "CLAIMED"
	claimedByAnother = "CLAIMED_BY_ANOTHER"
	claimTooLate     = "SIGNED_OUT"
)

func (s state) claim(o Operation) (bool, state) {
	after := s
	if s.ended == "" {
		after.ended, after.customer = signedIn, o.Customer
	}
	if o.Unanswered {
		return true, after
	}

	isOwn := after.ended == signedIn && after.customer == o.Customer
	switch o.Answer.Claim {
	case claimed:
		return isOwn, after
	case claimedByAnother:
		return after.ended == signedIn && !isOwn, after
	case claimTooLate:
		return after.ended == signedOut || after.ended == signedOutEverywhere, after
	default:
		return false, after
	}
}

// linearizable reports whether one order of the operations on a session explains every answer. In
// that order, each must take effect between its call and its return. first is the session's first
// ticket.
func linearizable(first string, operations []Operation, patience time.Duration) porcupine.CheckResult {
	model := porcupine.Model{
		Init: func() any { return state{ticket: first} },
		Step: func(before, input, _ any) (bool, any) {
			return before.(state).step(input.(Operation))
		},
	}

	events := make([]porcupine.Operation, len(operations))
	for i, o := range operations {
		returned := o.Return
		if o.Unanswered {
			returned = settled(o, operations)
		}

		events[i] = porcupine.Operation{ClientId: i, Input: o, Call: int64(o.Call), Return: int64(returned)}
	}

	return porcupine.CheckOperationsTimeout(model, events, patience)
}

// settled returns when an operation without an answer can no longer change anything, because other
// answers show that the session has moved on. The checker then need not try it at later moments.
// That saves much time: each such operation would double it.
func settled(unanswered Operation, operations []Operation) time.Duration {
	const never = time.Duration(math.MaxInt64)

	end := never
	for _, o := range operations {
		isBeyond := o.showsEnd()
		if unanswered.Kind == Refresh {
			isBeyond = o.showsBeyond(unanswered.Generation)
		}
		if isBeyond {
			end = min(end, max(unanswered.Call, o.Return))
		}
	}

	return end
}
