package history

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// Finding is something that must never happen, but did.
type Finding struct {
	Fault Fault
	// Session is the id of the session.
	Session string
	// Phase is the fault that was tried when the finding appeared.
	Phase string
	// Text says what happened, and lists the last operations on the session.
	Text string
}

// Fault is a kind of Finding.
type Fault int

const (
	// Lost is an honest client whose session is over although nobody ended it.
	Lost Fault = iota
	// TwoSuccessors is a refresh token that gave two different tickets.
	TwoSuccessors
	// AliveAfterEnd is a session that was refreshed after its end was confirmed.
	AliveAfterEnd
	// NotLinearizable is a session whose answers no order of its operations can explain.
	NotLinearizable
	// Undecided is a session for which searching such an order took too long.
	Undecided
)

// Check returns everything in the history that must never happen. For each session, it returns at
// most one finding of a kind. patience limits the search for an order of the operations on one
// session.
func (h *History) Check(patience time.Duration) []Finding {
	h.mutex.Lock()
	defer h.mutex.Unlock()

	var findings []Finding
	for _, s := range h.sessions {
		s.mutex.Lock()
		findings = append(findings, s.check(h.withElsewhere(s), patience)...)
		s.mutex.Unlock()
	}

	return findings
}

// withElsewhere returns the operations on a session, and those with which its shopper signed out
// everywhere through another session. Those certainly ended this session only if it had begun
// before, and if the other session was still alive, which the answer shows.
func (h *History) withElsewhere(s *Session) []Operation {
	operations := slices.Clone(s.operations)
	for _, e := range h.everywhere {
		if e.session == s || e.session.userID != s.userID || (!e.operation.Unanswered && s.call > e.operation.Return) {
			continue
		}

		elsewhere := e.operation
		elsewhere.Kind = Elsewhere
		if s.began > elsewhere.Call || elsewhere.Answer.SessionsEnded == 0 {
			elsewhere.Unanswered = true
		}

		operations = append(operations, elsewhere)
	}

	slices.SortStableFunc(operations, func(a, b Operation) int { return cmp.Compare(a.Call, b.Call) })
	return operations
}

func (s *Session) check(operations []Operation, patience time.Duration) []Finding {
	var findings []Finding
	add := func(fault Fault, at Operation, format string, values ...any) {
		text := fmt.Sprintf("%s: %s\n%s", s, fmt.Sprintf(format, values...), trail(operations, at.Call))
		findings = append(findings, Finding{Fault: fault, Session: s.id, Phase: at.Phase, Text: text})
	}

	if o, ok := lost(operations); ok {
		add(Lost, o, "%s: %s, but nobody had ended it", o.Kind, o.outcome())
	}
	if o, ok := twoSuccessors(operations); ok {
		add(TwoSuccessors, o, "two tickets for the token of generation %d", o.Generation)
	}
	if o, ok := aliveAfterEnd(operations); ok {
		add(AliveAfterEnd, o, "alive although its end was confirmed at %s", seconds(o.Return))
	}

	var last Operation
	if len(operations) > 0 {
		last = operations[len(operations)-1]
	}
	if len(s.faults) > 0 {
		add(NotLinearizable, last, "%s", strings.Join(s.faults, ", "))
		return findings
	}

	switch linearizable(s.first.Text, operations, patience) {
	case porcupine.Illegal:
		at := unexplained(s.first.Text, operations, patience)
		add(NotLinearizable, at, "no order of the operations explains this")
	case porcupine.Unknown:
		add(Undecided, last, "no order of the operations was found in time")
	case porcupine.Ok:
	}

	return findings
}

// unexplained returns the first operation whose answer cannot be explained by any order of the
// operations so far.
func unexplained(first string, operations []Operation, patience time.Duration) Operation {
	count := sort.Search(len(operations)-1, func(i int) bool {
		return linearizable(first, operations[:i+1], patience) == porcupine.Illegal
	})
	return operations[count]
}

// lost returns the first refusal that no operation explains.
func lost(operations []Operation) (Operation, bool) {
	for _, o := range operations {
		isExplained := func(other Operation) bool { return other.explains(o) }
		if o.isRefused() && !slices.ContainsFunc(operations, isExplained) {
			return o, true
		}
	}
	return Operation{}, false
}

// twoSuccessors returns the first refresh that gave another ticket than an earlier refresh of the
// same token.
func twoSuccessors(operations []Operation) (Operation, bool) {
	tickets := map[int]string{}
	for _, o := range operations {
		if o.Unanswered || o.Answer.Ticket == "" {
			continue
		}
		if earlier, ok := tickets[o.Generation]; ok && earlier != o.Answer.Ticket {
			return o, true
		}

		tickets[o.Generation] = o.Answer.Ticket
	}

	return Operation{}, false
}

// aliveAfterEnd returns the confirmed end of a session that was refreshed afterwards.
func aliveAfterEnd(operations []Operation) (Operation, bool) {
	end, hasEnded := endOf(operations)
	isAlive := func(o Operation) bool {
		return o.Kind == Refresh && !o.Unanswered && o.Answer.Ticket != "" && o.Call > end.Return
	}
	return end, hasEnded && slices.ContainsFunc(operations, isAlive)
}

// endOf returns the operation that first confirmed the end of the session.
func endOf(operations []Operation) (end Operation, hasEnded bool) {
	for _, o := range operations {
		if o.confirmsEnd() && (!hasEnded || o.Return < end.Return) {
			end, hasEnded = o, true
		}
	}
	return end, hasEnded
}

// Ended returns the sessions that some client knows to be over.
func (h *History) Ended() []*Session {
	h.mutex.Lock()
	defer h.mutex.Unlock()

	var over []*Session
	for _, s := range h.sessions {
		s.mutex.Lock()
		if _, hasEnded := endOf(h.withElsewhere(s)); hasEnded {
			over = append(over, s)
		}

		s.mutex.Unlock()
	}

	return over
}
