package program_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/test/testkit"
)

// answer is the server's answer.
type answer struct{ testkit.Answer }

var errRefused = errors.New("refused")

// ticket is a ticket as a client sees it, and its JSON.
type ticket struct {
	AccessToken, JWTAccessToken, RefreshToken, UserID string
	ClaimedAnonymousUserID                            *string
	raw                                               string
}

const fields = `accessToken accessTokenExpiration accessTokenLifetime refreshToken refreshTokenExpiration ` +
	`refreshTokenLifetime ` +
	`refreshAfter userId behaviors claimedAnonymousUserId`

type variables = map[string]any

// operation is a GraphQL operation and its variables.
type operation struct {
	query  string
	values variables
}

func anonymousOperation() operation {
	return operation{`mutation { anonymousShopperTicket { ` + fields + ` } }`, nil}
}

// withJWT returns an operation that selects the ticket's JWT as well.
func withJWT(of operation) operation {
	return operation{strings.Replace(of.query, fields, fields+" jwtAccessToken", 1), of.values}
}

func refreshOperation(token string) operation {
	return operation{
		`mutation ($token: String!) { refreshTicket(refreshToken: $token) { ` + fields + ` } }`,
		variables{"token": token},
	}
}

func signInOperation(name, plain, previous string) operation {
	input := variables{"username": name, "password": plain}
	if previous != "" {
		input["previousRefreshToken"] = previous
	}
	return operation{
		`mutation ($input: CustomerUserAuthInfoInput!) { createUserTicket(input: $input) { ` + fields + ` } }`,
		variables{"input": input},
	}
}

func revokeOperation(token string, everywhere bool) operation {
	return operation{
		`mutation ($token: String!, $everywhere: Boolean!) { revokeTicket(refreshToken: $token, everywhere: ` +
			`$everywhere) { sessionsEnded } }`,
		variables{"token": token, "everywhere": everywhere},
	}
}

func accountOperation() operation {
	return operation{
		`{ currentShopper { userId customerAccount { userName attributes { fullyQualifiedName } } } }`,
		nil,
	}
}

// try sends an operation. Headers come in pairs. The error is about the connection.
func (s *server) try(ctx context.Context, operation operation, headers ...string) (answer, error) {
	body, err := json.Marshal(map[string]any{"query": operation.query, "variables": operation.values})
	if err != nil {
		return answer{}, err
	}

	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/graphql", bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}

	request.Header.Set("Content-Type", "application/json")
	headers = slices.Concat(s.headers, headers)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}

	return send(s.client, request)
}

func send(client *http.Client, request *http.Request) (answer, error) {
	got, err := testkit.Send(client, request)
	return answer{got}, err
}

// ask is like try, but fails if the connection does.
func (s *server) ask(operation operation, headers ...string) answer {
	s.t.Helper()
	got, err := s.try(soon(s.t), operation, headers...)
	must(s.t, err)
	return got
}

// tryTicket sends an operation that returns a ticket. An answer without a ticket is an error.
func (s *server) tryTicket(ctx context.Context, operation operation) (ticket, error) {
	got, err := s.try(ctx, operation)
	if err != nil {
		return ticket{}, err
	}
	if len(got.Errors) > 0 || len(got.Data) != 1 {
		return ticket{}, fmt.Errorf("%w: %s", errRefused, got.Text)
	}

	var held ticket
	for _, raw := range got.Data {
		held.raw = string(raw)
		err = json.Unmarshal(raw, &held)
	}

	return held, err
}

func (s *server) ticket(operation operation) ticket {
	s.t.Helper()
	held, err := s.tryTicket(soon(s.t), operation)
	must(s.t, err)
	return held
}

func (s *server) anonymous() ticket {
	s.t.Helper()
	return s.ticket(anonymousOperation())
}

func (s *server) signIn(name string) ticket {
	s.t.Helper()
	return s.ticket(signInOperation(name, rightPassword, ""))
}

func (s *server) refresh(token string) ticket {
	s.t.Helper()
	return s.ticket(refreshOperation(token))
}

// sessionsEnded returns how many sessions a revocation ended.
func (a answer) sessionsEnded(t testing.TB) int {
	t.Helper()
	var revoked struct{ SessionsEnded int }
	if len(a.Errors) > 0 {
		t.Fatalf("refused: %s", a.Text)
	}

	must(t, json.Unmarshal(a.Data["revokeTicket"], &revoked))
	return revoked.SessionsEnded
}

// get fetches a path on a new connection. The error is about the connection.
func (s *server) get(path string) (int, error) {
	request, err := http.NewRequestWithContext(soon(s.t), http.MethodGet, s.url+path, nil)
	must(s.t, err)
	request.Close = true
	got, err := send(s.client, request)
	return got.Status, err
}

func (s *server) expectStatus(path string, status int) {
	s.t.Helper()
	got, err := s.get(path)
	if err != nil || got != status {
		s.t.Errorf("%s: want %d, got %d %v", path, status, got, err)
	}
}

// becomes waits until a path answers with a status.
func (s *server) becomes(path string, status int) {
	s.t.Helper()
	eventually(s.t, path, func() bool {
		got, err := s.get(path)
		return err == nil && got == status
	})
}

// expect fails unless the request was refused for a reason.
func expect(t testing.TB, got answer, reason string) {
	t.Helper()
	if got.Reason() != models.Reason(reason) {
		t.Errorf("want the reason %q, got %s", reason, got.Text)
	}
}
