package test_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/authtickets/authtickets/models"
)

// TestHonestShoppers simulates two tabs of one shopper with a shared store. They refresh over a
// network that loses and delays answers, with clocks that step, and on MySQL with lagging reads.
// Neither loss nor concurrency may sign the shopper out. Only a thief who uses a token may, and
// then the session must end.
func TestHonestShoppers(t *testing.T) {
	t.Parallel()

	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		checkHonesty(t, open(t, sqlite(t)), func() {})
	})
	if database, ok := laggingMySQL(t); ok {
		t.Run("mysql", func(t *testing.T) {
			t.Parallel()
			database.isFresh.Store(true)
			o := open(t, database.url)
			database.isFresh.Store(false)
			checkHonesty(t, o, database.catchUp)
		})
	}
}

func checkHonesty(t *testing.T, o *office, catchUp func()) {
	t.Helper()
	o.customer("ada")
	rapid.Check(t, func(t *rapid.T) {
		h := &honesty{t: t, o: o, catchUp: catchUp, successors: map[string]string{}}
		defer h.resetClocks()

		begin := o.anonymous
		if rapid.Bool().Draw(t, "customer") {
			begin = func() ticket { return o.signIn("ada") }
		}

		h.put(begin().RefreshToken)
		t.Repeat(map[string]func(*rapid.T){
			"refresh":         func(t *rapid.T) { h.tab(t, "answered") },
			"lose answer":     func(t *rapid.T) { h.tab(t, "lost") },
			"delay answer":    func(t *rapid.T) { h.tab(t, "delayed") },
			"deliver":         h.deliver,
			"steal":           func(*rapid.T) { h.stolen = h.token },
			"use stolen":      h.useStolen,
			"pass":            h.pass,
			"step server":     func(t *rapid.T) { h.step(t, &h.server, o.clock.Step) },
			"step database":   func(t *rapid.T) { h.step(t, &h.database, o.clock.StepDatabase) },
			"node catches up": func(*rapid.T) { catchUp() },
		})

		h.finish()
	})
}

// honesty is one shopper and a thief.
type honesty struct {
	t       *rapid.T
	o       *office
	catchUp func()

	// token and attempt are the shared store of the tabs. Both are stored together, before they are
	// sent.
	token, attempt string
	drawn          int
	// pending are answers that have not arrived yet.
	pending []pendingAnswer
	// stolen is a token that the thief has copied. usedStolen means that the thief has used one
	// before the owner.
	stolen     string
	usedStolen bool
	// successors are the refresh tokens that each refresh token was exchanged for.
	successors map[string]string
	// server and database are how far their clocks are off.
	server, database time.Duration
}

type pendingAnswer struct {
	sent string
	got  answer
}

func (h *honesty) put(token string) {
	h.drawn++
	h.token, h.attempt = token, fmt.Sprintf("attempt%016d", h.drawn)
}

// tab refreshes like a page.
func (h *honesty) tab(_ *rapid.T, fate string) {
	sent := h.token
	got := h.o.tryRepeat(sent, h.attempt)
	h.check(sent, got)
	switch fate {
	case "answered":
		h.receive(sent, got)
	case "delayed":
		h.pending = append(h.pending, pendingAnswer{sent, got})
	}
}

func (h *honesty) deliver(t *rapid.T) {
	if len(h.pending) == 0 {
		t.Skip("nothing is on its way")
	}

	i := rapid.IntRange(0, len(h.pending)-1).Draw(t, "answer")
	arrived := h.pending[i]
	h.pending = append(h.pending[:i], h.pending[i+1:]...)
	h.receive(arrived.sent, arrived.got)
}

// receive stores an answer if the store still has the token that was sent.
func (h *honesty) receive(sent string, got answer) {
	if h.token == sent && len(got.Errors) == 0 {
		h.put(got.ticket(h.o.t, "refreshTicket").RefreshToken)
	}
}

// check compares an answer with what was promised.
func (h *honesty) check(sent string, got answer) {
	if len(got.Errors) > 0 {
		if reason := got.Reason(); reason != models.ReasonBusy && !h.usedStolen {
			h.t.Fatalf("an honest shopper is signed out: %s", got.Text)
		}
		return
	}

	next := got.ticket(h.o.t, "refreshTicket").RefreshToken
	if before := h.successors[sent]; before != "" && before != next {
		h.t.Fatal("one token has two successors")
	}

	h.successors[sent] = next
}

// useStolen refreshes like a thief who copied a token but not the attempt.
func (h *honesty) useStolen(t *rapid.T) {
	if h.stolen == "" {
		t.Skip("nothing was stolen")
	}
	h.usedStolen = true
	h.check(h.stolen, h.o.tryRefresh(h.stolen))
}

func (h *honesty) pass(t *rapid.T) {
	h.o.clock.Pass(rapid.SampledFrom([]time.Duration{
		time.Millisecond, 10 * time.Second, 31 * time.Second, time.Hour, 20 * time.Hour,
	}).Draw(t, "time"))
}

// step sets a correct clock wrong by some hours, or corrects it.
func (h *honesty) step(t *rapid.T, off *time.Duration, step func(time.Duration)) {
	by := -*off
	if *off == 0 {
		steps := []time.Duration{-3 * time.Hour, -time.Minute, time.Minute, 3 * time.Hour}
		by = rapid.SampledFrom(steps).Draw(t, "step")
	}

	*off += by
	step(by)
}

func (h *honesty) resetClocks() {
	h.o.clock.Step(-h.server)
	h.o.clock.StepDatabase(-h.database)
	h.server, h.database = 0, 0
}

// finish corrects the clocks, and lets owner and thief send one more request.
func (h *honesty) finish() {
	h.resetClocks()
	h.o.clock.Pass(4 * time.Hour) // by then no token is from the future
	sent := h.token
	owner := h.o.tryRepeat(sent, h.attempt)
	h.check(sent, owner)
	if owner.Reason() == models.ReasonBusy {
		h.t.Fatalf("must wait although all clocks are right: %s", owner.Text)
	}

	if len(owner.Errors) > 0 {
		return // the thief has already caused the session to end
	}

	// The owner has used this token by now. If a thief uses it too, the session ends for both.
	h.receive(sent, owner)
	h.o.clock.Pass(time.Minute)
	if thief := h.o.tryRefresh(sent); thief.Reason() != models.ReasonTokenReused {
		h.t.Fatalf("a thief can use a token that the owner has used: %s", thief.Text)
	}
	if again := h.o.tryRepeat(h.token, h.attempt); again.Reason() != models.ReasonTokenReused {
		h.t.Fatalf("the session continues although a token was used twice: %s", again.Text)
	}
}
