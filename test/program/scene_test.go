package program_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/models"
)

// scene is a server with shoppers in all states, and the next operation of each.
type scene struct {
	*server

	t testing.TB
	// site has a second server, faultless, which no fault affects.
	site          *site
	faultless     *server
	operations    map[string]operation
	accessToken   string
	refreshTokens []string
	// guesses is the number of wrong passwords sent.
	guesses int
}

func newScene(t testing.TB, s *site, server *server) *scene {
	t.Helper()
	s.customer("ada", rightPassword)
	s.customer("bob", rightPassword)
	faultless := s.start()
	fresh, customer := faultless.anonymous(), faultless.signIn("ada")
	later := faultless.refresh(faultless.anonymous().RefreshToken)
	return &scene{
		server:      server,
		t:           t,
		site:        s,
		faultless:   faultless,
		accessToken: customer.AccessToken,
		operations: map[string]operation{
			"refresh, first":    refreshOperation(fresh.RefreshToken),
			"refresh, later":    refreshOperation(later.RefreshToken),
			"refresh, customer": refreshOperation(customer.RefreshToken),
			"sign-in":           signInOperation("ada", rightPassword, ""),
			"sign-in and claim": signInOperation("ada", rightPassword, faultless.anonymous().RefreshToken),
			"wrong password":    signInOperation("bob", "wrong", ""),
			"sign-out":          revokeOperation(faultless.signIn("ada").RefreshToken, false),
			"account":           accountOperation(),
		},
		refreshTokens: []string{fresh.RefreshToken, later.RefreshToken, customer.RefreshToken},
	}
}

// connect makes the server open several connections to its database.
func (s *scene) connect() {
	s.t.Helper()
	together(8, func(int) {
		got, err := s.try(s.t.Context(), accountOperation(), "Authorization", "Bearer "+s.accessToken)
		if err != nil || got.Code() != "" && got.Code() != "TRY_AGAIN" {
			s.t.Errorf("%v %s", err, got.Text)
		}
	})
}

// all sends all operations at once and returns the answers. All must come in time.
func (s *scene) all() map[string]answer {
	s.t.Helper()
	type named struct {
		name string
		answer
	}

	answers := make(chan named)
	if _, ok := s.operations["wrong password"]; ok {
		s.guesses++
	}

	for name, operation := range s.operations {
		go func() {
			begin := time.Now()
			got, err := s.try(context.WithoutCancel(s.t.Context()), operation, "Authorization", "Bearer "+s.accessToken)
			if took := time.Since(begin); err != nil || took > giveUp {
				s.t.Errorf("%s: %v after %s", name, err, took)
			}

			answers <- named{name, got}
		}()
	}

	all := map[string]answer{}
	for range s.operations {
		got := <-answers
		all[got.name] = got.answer
	}

	return all
}

// allFail sends all operations at once while none can succeed.
func (s *scene) allFail() {
	s.t.Helper()
	for name, got := range s.all() {
		if got.Code() != "TRY_AGAIN" || got.Errors[0].Extensions.RetryAfterSeconds < 1 {
			s.t.Errorf("%s: %s", name, got.Text)
		}
	}
}

// works fails unless an operation did what it should.
func (s *scene) works(name string, got answer) {
	s.t.Helper()
	want := models.Reason("")
	if name == "wrong password" {
		want = "INVALID_CREDENTIALS"
	}
	if got.Reason() != want {
		s.t.Errorf("%s: %s", name, got.Text)
	}
}

// allWork sends all operations at once, and fails unless each succeeds at the first try.
func (s *scene) allWork() {
	s.t.Helper()
	for name, got := range s.all() {
		s.works(name, got)
	}
}

// allWorkInTheEnd is like allWork, for a server so impatient that it may postpone operations on a
// busy machine. It repeats those.
func (s *scene) allWorkInTheEnd() {
	s.t.Helper()
	eventually(s.t, "all operations are done", func() bool {
		for name, got := range s.all() {
			if got.Code() != "TRY_AGAIN" {
				s.works(name, got)
				delete(s.operations, name)
			}
		}
		return len(s.operations) == 0
	})
}

// expectOnce fails unless everything was done once in the database, however often it was tried.
func (s *scene) expectOnce() {
	s.t.Helper()
	for i, want := range []int{1, 2, 1} {
		userID := s.faultless.refresh(s.refreshTokens[i]).UserID // the same ticket again
		got := s.site.number("SELECT MAX(generation) FROM sessions WHERE HEX(user_id) = ?", strings.ToUpper(userID))
		if got != want {
			s.t.Errorf("token %d: the session is at generation %d, not %d", i, got, want)
		}
	}

	if got := s.site.number("SELECT COALESCE(SUM(in_window), 0) FROM name_guesses"); got > s.guesses {
		s.t.Errorf("%d wrong passwords were counted as %d", s.guesses, got)
	}
}
