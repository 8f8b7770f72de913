package test_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/test/testkit"
)

// answer is the server's answer to an operation.
type answer struct {
	testkit.Answer

	took time.Duration // set for guarded offices
}

// ticket is a ticket as a client sees it.
type ticket struct {
	AccessToken, RefreshToken                               string
	AccessTokenExpiration, RefreshTokenExpiration           string
	AccessTokenLifetime, RefreshTokenLifetime, RefreshAfter int
	IssuedAt, SessionID, UserID, Claim                      string
	IsAnonymous                                             bool
	Behaviors                                               []string
	ClaimedAnonymousUserID                                  *string
	CustomerAccount                                         map[string]any
	raw                                                     string
}

// fields selects a whole ticket without its account.
const fields = `accessToken accessTokenExpiration accessTokenLifetime ` +
	`refreshToken refreshTokenExpiration refreshTokenLifetime ` +
	`refreshAfter issuedAt sessionId userId isAnonymous behaviors claim claimedAnonymousUserId`

type variables = map[string]any

// post sends an operation. Headers come in pairs.
func (o *office) post(query string, values variables, headers ...string) answer {
	o.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": values})
	must(o.t, err)
	url := o.web.URL + "/graphql"
	request, err := http.NewRequestWithContext(o.t.Context(), http.MethodPost, url, bytes.NewReader(body))
	must(o.t, err)
	request.Header.Set("Content-Type", "application/json")

	for i := 0; i < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}

	return o.send(request)
}

func (o *office) send(request *http.Request) answer {
	o.t.Helper()
	got, err := testkit.Send(o.web.Client(), request)
	must(o.t, err)
	o.checkFails(got)
	return answer{Answer: got}
}

// ticket returns the ticket in a field of the answer.
func (a answer) ticket(t testing.TB, field string) ticket {
	t.Helper()
	if len(a.Errors) > 0 {
		t.Fatalf("refused: %s", a.Text)
	}

	got := ticket{raw: string(a.Data[field])}
	must(t, json.Unmarshal(a.Data[field], &got))
	return got
}

// expect fails unless the request was refused for a reason.
func expect(t testing.TB, got answer, reason models.Reason) {
	t.Helper()
	if got.Reason() != reason {
		t.Errorf("want the reason %q, got %s", reason, got.Text)
	}
	if reason != "" && got.Status != http.StatusOK {
		t.Errorf("status %d", got.Status)
	}
}

func (o *office) anonymous() ticket {
	o.t.Helper()
	return o.post(`mutation { anonymousShopperTicket { `+fields+` } }`, nil).ticket(o.t, "anonymousShopperTicket")
}

const signInQuery = `mutation ($input: CustomerUserAuthInfoInput!) ` +
	`{ createUserTicket(input: $input) { ` + fields + ` } }`

// trySignIn signs in from an address. previous may be empty.
func (o *office) trySignIn(name, plain, previous, address string) answer {
	o.t.Helper()
	return o.trySignInWith(variables{"username": name, "password": plain, "previousRefreshToken": previous}, address)
}

// trySignInOn signs in from an address, on a device that has a refresh token of the customer.
func (o *office) trySignInOn(device, name, plain, address string) answer {
	o.t.Helper()
	return o.trySignInWith(variables{"username": name, "password": plain, "deviceToken": device}, address)
}

func (o *office) trySignInWith(input variables, address string) answer {
	o.t.Helper()
	return o.post(signInQuery, variables{"input": input}, "X-Forwarded-For", address)
}

func (o *office) signIn(name string) ticket {
	o.t.Helper()
	return o.trySignIn(name, rightPassword, "", "198.51.100.1").ticket(o.t, "createUserTicket")
}

func (o *office) tryRefresh(token string) answer {
	o.t.Helper()
	const query = `mutation ($token: String!) { refreshTicket(refreshToken: $token) { ` + fields + ` } }`
	return o.post(query, variables{"token": token})
}

func (o *office) tryRepeat(token, attempt string) answer {
	o.t.Helper()
	const query = `mutation ($token: String!, $attempt: String) ` +
		`{ refreshTicket(refreshToken: $token, attempt: $attempt) { ` + fields + ` } }`
	return o.post(query, variables{"token": token, "attempt": attempt})
}

// tryWith refreshes with an attempt, which may be empty.
func (o *office) tryWith(token, attempt string) answer {
	o.t.Helper()
	if attempt == "" {
		return o.tryRefresh(token)
	}
	return o.tryRepeat(token, attempt)
}

// repeat refreshes with an attempt.
func (o *office) repeat(token, attempt string) ticket {
	o.t.Helper()
	return o.tryRepeat(token, attempt).ticket(o.t, "refreshTicket")
}

func (o *office) refresh(token string) ticket {
	o.t.Helper()
	return o.tryRefresh(token).ticket(o.t, "refreshTicket")
}

func (o *office) tryRevoke(token string, everywhere bool) answer {
	o.t.Helper()
	const query = `mutation ($token: String!, $everywhere: Boolean!) ` +
		`{ revokeTicket(refreshToken: $token, everywhere: $everywhere) { sessionsEnded } }`
	return o.post(query, variables{"token": token, "everywhere": everywhere})
}

// revoke returns how many sessions it ended.
func (o *office) revoke(token string, everywhere bool) int {
	o.t.Helper()
	got := o.tryRevoke(token, everywhere)
	var revoked struct{ SessionsEnded int }
	if len(got.Errors) > 0 {
		o.t.Fatalf("refused: %s", got.Text)
	}

	must(o.t, json.Unmarshal(got.Data["revokeTicket"], &revoked))
	return revoked.SessionsEnded
}

func (o *office) tryEndSession(id string, headers ...string) answer {
	o.t.Helper()
	return o.post(`mutation { endSession(id: "`+id+`") { sessionsEnded } }`, nil, headers...)
}

func (o *office) currentShopper(selection string, headers ...string) answer {
	o.t.Helper()
	return o.post(`{ currentShopper { `+selection+` } }`, nil, headers...)
}
