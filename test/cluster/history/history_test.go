package history_test

import (
	"testing"
	"time"

	"github.com/authtickets/authtickets/test/cluster/history"
)

// story builds a history of one session step by step. Each step takes a second.
type story struct {
	history *history.History
	session *history.Session
	at      time.Duration
}

func begin() *story {
	h := history.New()
	first := history.Ticket{Text: "t0", RefreshToken: "r0", SessionID: "s", UserID: "u"}
	return &story{history: h, session: h.Begin(0, first), at: time.Second}
}

// does adds an operation that begins and ends in the current second.
func (s *story) does(o history.Operation) *story {
	o.Call, o.Return = s.at, s.at+time.Second/2
	s.at += time.Second
	s.history.Add(s.session, o, ticket(o))
	return s
}

// during adds an operation at the same time as the last one.
func (s *story) during(o history.Operation) *story {
	s.at -= time.Second
	return s.does(o)
}

func ticket(o history.Operation) history.Ticket {
	if o.Answer.Ticket == "" {
		return history.Ticket{}
	}
	return history.Ticket{Text: o.Answer.Ticket, RefreshToken: "r", SessionID: "s", UserID: "u"}
}

func refreshed(generation int, ticket string) history.Operation {
	return history.Operation{Kind: history.Refresh, Generation: generation, Answer: history.Answer{Ticket: ticket}}
}

func refused(generation int, reason string) history.Operation {
	return history.Operation{Kind: history.Refresh, Generation: generation, Answer: history.Answer{Refused: reason}}
}

func signedOut(ended int) history.Operation {
	return history.Operation{Kind: history.SignOut, Answer: history.Answer{SessionsEnded: ended}}
}

func claimed(outcome string) history.Operation {
	return history.Operation{Kind: history.Claim, Customer: "ada", Answer: history.Answer{Claim: outcome}}
}

func unanswered(kind history.Kind, generation int) history.Operation {
	return history.Operation{Kind: kind, Generation: generation, Unanswered: true, Customer: "ada"}
}

func ended(count int) history.Operation {
	return history.Operation{Kind: history.End, Answer: history.Answer{SessionsEnded: count}}
}

func replaced() history.Operation { return history.Operation{Kind: history.Replace} }

func TestCheck(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		story *story
		want  []history.Fault
	}{
		"OK": {
			begin().does(refreshed(0, "t1")).does(refreshed(1, "t2")).does(signedOut(1)).
				does(refused(2, "SIGNED_OUT")),
			nil,
		},
		"OK repeated": {begin().does(refreshed(0, "t1")).during(refreshed(0, "t1")).does(refreshed(0, "t1")), nil},
		"OK lost answer": {
			begin().does(unanswered(history.Refresh, 0)).does(refreshed(0, "t1")).does(refreshed(1, "t2")), nil,
		},
		"OK lost sign-out": {
			begin().does(unanswered(history.SignOut, 0)).does(refreshed(0, "t1")).does(refused(1, "SIGNED_OUT")), nil,
		},
		"OK signed out twice": {begin().does(signedOut(1)).does(signedOut(0)), nil},
		"OK claimed twice": {
			begin().does(claimed("CLAIMED")).does(claimed("CLAIMED")).does(refused(0, "SIGNED_IN")), nil,
		},
		"OK replaced": {begin().does(replaced()).does(refused(0, "SESSION_REPLACED")), nil},
		"OK ended": {
			begin().does(ended(1)).does(refused(0, "SESSION_ENDED")).does(signedOut(0)), nil,
		},
		"OK claim too late":             {begin().does(signedOut(1)).does(claimed("SIGNED_OUT")), nil},
		"OK refreshed while signed out": {begin().does(refreshed(0, "t1")).during(signedOut(1)), nil},

		"Lost": {
			begin().does(refreshed(0, "t1")).does(refused(1, "TOKEN_INVALID")),
			[]history.Fault{history.Lost, history.NotLinearizable},
		},
		"Lost for another reason": {
			begin().does(unanswered(history.SignOut, 0)).does(refused(0, "TOKEN_REUSED")),
			[]history.Fault{history.Lost, history.NotLinearizable},
		},
		"Lost claim": {
			begin().does(claimed("TOKEN_INVALID")), []history.Fault{history.Lost, history.NotLinearizable},
		},
		"TwoSuccessors": {
			begin().does(refreshed(0, "t1")).during(refreshed(0, "other")),
			[]history.Fault{history.TwoSuccessors, history.NotLinearizable},
		},
		"AliveAfterEnd": {
			begin().does(signedOut(1)).does(refreshed(0, "t1")),
			[]history.Fault{history.AliveAfterEnd, history.NotLinearizable},
		},
		"AliveAfterEnd replaced": {
			begin().does(replaced()).does(refreshed(0, "t1")),
			[]history.Fault{history.AliveAfterEnd, history.NotLinearizable},
		},
		"NotLinearizable sign-out that ended nothing": {
			begin().does(signedOut(0)), []history.Fault{history.NotLinearizable},
		},
		"NotLinearizable end that ended nothing": {
			begin().does(ended(0)).does(refused(0, "SESSION_ENDED")), []history.Fault{history.NotLinearizable},
		},
		"NotLinearizable used token that goes on": {
			begin().does(refreshed(0, "t1")).does(refreshed(1, "t2")).does(refreshed(0, "t1")),
			[]history.Fault{history.NotLinearizable},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expect(t, test.story.history, test.want)
		})
	}
}

// A customer who signs out everywhere also ends those other sessions that had begun before.
func TestEverywhere(t *testing.T) {
	t.Parallel()

	everywhere := history.Operation{Kind: history.Everywhere, Answer: history.Answer{SessionsEnded: 2}}
	for name, test := range map[string]struct {
		began time.Duration
		after history.Operation
		want  []history.Fault
	}{
		"OK":             {0, refused(0, "SIGNED_OUT_EVERYWHERE"), nil},
		"OK began later": {10 * time.Second, refreshed(0, "t1"), nil},
		"AliveAfterEnd":  {0, refreshed(0, "t1"), []history.Fault{history.AliveAfterEnd, history.NotLinearizable}},
		"Lost began later": {
			10 * time.Second, refused(0, "SIGNED_OUT_EVERYWHERE"),
			[]history.Fault{history.Lost, history.NotLinearizable},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := begin().does(everywhere)
			ticket := history.Ticket{Text: "t0", RefreshToken: "r0", SessionID: "s", UserID: "u"}
			other := s.history.Begin(test.began, ticket)
			s.session, s.at = other, max(s.at, test.began+time.Second)
			s.does(test.after)
			expect(t, s.history, test.want)
		})
	}
}

// Many lost answers must not slow down the check.
func TestManyLostAnswers(t *testing.T) {
	t.Parallel()

	s := begin()
	for generation := range 200 {
		s.does(unanswered(history.Refresh, generation)).during(unanswered(history.Refresh, generation))
		s.does(refreshed(generation, "t"))
	}

	s.does(signedOut(1)).does(refreshed(200, "t"))
	expect(t, s.history, []history.Fault{history.AliveAfterEnd, history.NotLinearizable})
}

func expect(t *testing.T, h *history.History, want []history.Fault) {
	t.Helper()
	findings := h.Check(10 * time.Second)
	var got []history.Fault

	for _, finding := range findings {
		got = append(got, finding.Fault)
	}

	if len(got) != len(want) {
		t.Fatalf("want %v, got %v: %v", want, got, findings)
	}

	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("want %v, got %v: %v", want, got, findings)
		}
	}
}
