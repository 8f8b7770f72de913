package history

import (
	"math"
	"time"

	"github.com/anishathalye/porcupine"
)

// state is one session as a register: it is at a generation with its ticket, or it has ended.
type state struct {
	generation int
	// ticket is the one of the generation; empty while no client has seen it.
	ticket string
	// ended is why the session has ended; empty while it goes on. customer is who claimed it.
	ended, customer string
}

// step returns the state after an operation. It is false if no correct server gives this answer in
// this state.
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

// end ends the session. The answer must count it if it was this operation that ended it. If it was
// an earlier one for the same reason, the answer may count it: the server cannot always tell.
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

// The outcomes of a claim that a correct server can give to a client that presents a good token.
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

// linearizable reports whether the operations on a session can be put into one order that explains
// every answer, and in which each takes effect between its call and its return. first is the first
// ticket of the session.
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

// settled returns when an operation without an answer can change nothing any more, because others
// have shown the session beyond it. The checker need not try it at every later moment then, which
// would take twice as long with each such operation.
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
