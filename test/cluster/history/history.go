// Package history records what clients asked and what the servers answered, for each session. It
// finds in these records what must never happen.
package history

import (
	"slices"
	"sync"
	"time"
)

// Ticket is a ticket that a client has received.
type Ticket struct {
	// Text is the whole ticket as it arrived.
	Text         string
	RefreshToken string
	AccessToken  string
	SessionID    string
	UserID       string
}

// History is the history of all sessions. Its methods are safe for concurrent use.
type History struct {
	mutex    sync.Mutex
	start    time.Time
	sessions []*Session
	// everywhere are the operations that ended all sessions of a shopper.
	everywhere []everywhere
}

type everywhere struct {
	session   *Session
	operation Operation
}

// New returns an empty history that begins now.
func New() *History { return &History{start: time.Now()} }

// Now returns the time since the history began.
func (h *History) Now() time.Duration { return time.Since(h.start) }

// Session is what the clients know about one session.
type Session struct {
	id, userID string
	first      Ticket
	// call is when its first ticket was requested, and began when it arrived.
	call, began time.Duration

	mutex      sync.Mutex
	operations []Operation
	// tokens are the refresh tokens by their generation.
	tokens []string
	faults []string
}

// Begin adds a session with its first ticket. That was requested at call and arrived just now.
func (h *History) Begin(call time.Duration, first Ticket) *Session {
	s := &Session{
		id:     first.SessionID,
		userID: first.UserID,
		first:  first,
		call:   call,
		began:  h.Now(),
		tokens: []string{first.RefreshToken},
	}

	h.mutex.Lock()
	defer h.mutex.Unlock()

	h.sessions = append(h.sessions, s)
	return s
}

// Sessions returns all sessions so far, ordered by their beginning.
func (h *History) Sessions() []*Session {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return slices.Clone(h.sessions)
}

// Add adds an operation on a session. ticket is the result of a successful refresh, and otherwise
// zero.
func (h *History) Add(s *Session, o Operation, ticket Ticket) {
	if o.Kind == Everywhere {
		h.mutex.Lock()
		h.everywhere = append(h.everywhere, everywhere{s, o})
		h.mutex.Unlock()
	}

	s.mutex.Lock()
	defer s.mutex.Unlock()

	s.operations = append(s.operations, o)
	if ticket.Text == "" {
		return
	}
	if o.Generation+1 == len(s.tokens) {
		s.tokens = append(s.tokens, ticket.RefreshToken)
	}
	if ticket.SessionID != s.id || ticket.UserID != s.userID {
		s.faults = append(s.faults, "a refresh gave a ticket of another session or shopper")
	}
}

// Token returns the newest refresh token that a client has seen, and its generation.
func (s *Session) Token() (token string, generation int) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	generation = len(s.tokens) - 1
	return s.tokens[generation], generation
}

// TokenOf returns the refresh token of a generation that a client has seen.
func (s *Session) TokenOf(generation int) string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.tokens[generation]
}

// ID is the id of the session, according to its tickets.
func (s *Session) ID() string { return s.id }

func (s *Session) String() string { return "session " + s.id }

// Other returns one of the last sessions of the same shopper that began before now, or nil. choose
// draws a number below n.
func (h *History) Other(than *Session, choose func(n int) int) *Session {
	const last = 4

	h.mutex.Lock()
	defer h.mutex.Unlock()

	var others []*Session
	for _, s := range slices.Backward(h.sessions) {
		if s != than && s.userID == than.userID && len(others) < last {
			others = append(others, s)
		}
	}

	if len(others) == 0 {
		return nil
	}

	return others[choose(len(others))]
}
