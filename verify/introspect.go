package verify

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// deadAge is how long we remember that a token is not active, so that a client that sends it again
// and again causes few requests.
const deadAge = time.Second

// maxIntrospecting is how many introspections may run at a time. Without a limit, a client that
// invents tokens would open a connection for each. Further introspections wait for their turn.
// After a restart, many valid tickets can come at once, but each takes only milliseconds.
const maxIntrospecting = 64

// answers remembers for a short time what the server said about opaque tokens. The key is the
// SHA-256 of the token, so that a memory dump contains no tokens. Active tokens are kept
// separately, so that invented tokens cannot displace them.
type answers struct {
	server *server
	issuer string
	age    time.Duration
	now    func() time.Time
	flight singleflight.Group
	turns  chan struct{} // one entry for each running introspection

	mutex      sync.Mutex
	live, dead recent
}

func newAnswers(server *server, settings Settings) *answers {
	live, dead := newRecent(settings.MaxIntrospections), newRecent(settings.MaxIntrospections)
	return &answers{
		server: server,
		issuer: settings.Issuer,
		age:    settings.IntrospectionAge,
		now:    settings.Now,
		turns:  make(chan struct{}, maxIntrospecting),
		live:   live,
		dead:   dead,
	}
}

var errDead = fmt.Errorf("%w: the server says that it is not active", ErrInvalid)

// verifyOpaque returns the shopper of an opaque token. It asks the server unless it has a recent
// answer.
func (v *Verifier) verifyOpaque(ctx context.Context, token string, now time.Time) (*Shopper, error) {
	switch {
	case !alphanumeric(token):
		return nil, fmt.Errorf("%w: malformed", ErrInvalid)
	case v.settings.Application == "":
		return nil, fmt.Errorf("%w: opaque, and this service has no application to ask about it", ErrInvalid)
	}

	key := sha256.Sum256([]byte(token))
	shopper, isCached, err := v.answers.cached(key, now)
	if !isCached {
		shopper, err = v.answers.ask(ctx, key, token)
	}
	if err != nil {
		return nil, err
	}

	return shopper.clone(), nil
}

// cached returns the remembered answer about a token: a shopper, or errDead. isCached is false if
// there is no such answer.
func (a *answers) cached(key [sha256.Size]byte, now time.Time) (shopper *Shopper, isCached bool, err error) {
	a.mutex.Lock()
	defer a.mutex.Unlock()

	if shopper, ok := a.live.get(key, now); ok {
		return shopper, true, nil
	}

	_, ok := a.dead.get(key, now)
	return nil, ok, errDead
}

// ask asks the server. Concurrent callers with the same token share one request, which continues
// when the context of the first caller ends.
func (a *answers) ask(ctx context.Context, key [sha256.Size]byte, token string) (*Shopper, error) {
	result := a.flight.DoChan(string(key[:]), func() (any, error) {
		return a.fetch(context.WithoutCancel(ctx), key, token)
	})
	select {
	case answer := <-result:
		shopper, _ := answer.Val.(*Shopper)
		return shopper, answer.Err
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
	}
}

// fetch waits for its turn and asks the server. Together these take no longer than timeout.
func (a *answers) fetch(ctx context.Context, key [sha256.Size]byte, token string) (*Shopper, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	select {
	case a.turns <- struct{}{}:
		defer func() { <-a.turns }()
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: too many introspections at a time", ErrUnavailable)
	}

	body, err := a.server.introspect(ctx, token)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}

	shopper, err := readIntrospection(body, a.issuer)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}

	now := a.now()
	a.mutex.Lock()
	defer a.mutex.Unlock()

	if shopper == nil {
		a.dead.put(key, nil, now.Add(deadAge))
		return nil, errDead
	}

	until := now.Add(a.age)
	if shopper.ExpiresAt.Before(until) {
		until = shopper.ExpiresAt
	}

	a.live.put(key, shopper, until)
	return shopper, nil
}

var errIntrospection = errors.New("the answer to the introspection is malformed, or from another issuer")

// readIntrospection returns the shopper of an answer, or nil if the token is not active.
func readIntrospection(body []byte, issuer string) (*Shopper, error) {
	var answer struct {
		Active      *bool  `json:"active"`
		Issuer      string `json:"iss"`
		UserID      string `json:"sub"`
		Application string `json:"client_id"`
		Behaviors   string `json:"scope"`
		SessionID   string `json:"sid"`
		Anonymous   *bool  `json:"anonymous"`
		IssuedAt    int64  `json:"iat"`
		ExpiresAt   int64  `json:"exp"`
		StartedAt   int64  `json:"auth_time"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Active == nil {
		return nil, errIntrospection
	}
	if !*answer.Active {
		return nil, nil //nolint:nilnil // nil means that the token is not active
	}
	if answer.Issuer != issuer || answer.Anonymous == nil {
		return nil, errIntrospection
	}

	shopper := &Shopper{
		UserID:      answer.UserID,
		SessionID:   answer.SessionID,
		Application: answer.Application,
		Behaviors:   strings.Fields(answer.Behaviors),
		IsAnonymous: *answer.Anonymous,
		IssuedAt:    instant(answer.IssuedAt),
		StartedAt:   instant(answer.StartedAt),
		ExpiresAt:   instant(answer.ExpiresAt),
	}
	if !shopper.complete() {
		return nil, errIntrospection
	}

	return shopper, nil
}

// alphanumeric reports whether a text has only letters and digits, like an opaque token. We do not
// ask the server about other texts.
func alphanumeric(text string) bool {
	return !strings.ContainsFunc(text, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	})
}
