package program_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jxskiss/base62"

	"github.com/authtickets/authtickets/storage/storagetest"
)

// secrets are texts that must not be found anywhere.
type secrets struct{ texts []string }

// password returns a new password.
func (s *secrets) password() string {
	text := "Pw" + rand.Text()
	s.texts = append(s.texts, text)
	return text
}

// ticket remembers the tokens of a ticket.
func (s *secrets) ticket(held ticket) ticket {
	s.texts = append(s.texts, held.AccessToken, held.RefreshToken)
	return held
}

// encodings returns a secret in every form in which it could be written, by the name of the form.
func encodings(secret string) map[string]string {
	raw := []byte(secret)
	all := map[string]string{
		"plain": secret, "hex": hex.EncodeToString(raw),
		"base32": strings.TrimRight(base32.StdEncoding.EncodeToString(raw), "="),
	}
	if sealed, err := base62.DecodeString(secret); err == nil && len(secret) > 60 { // the contents of a token
		all["sealed"], all["sealed in hex"] = string(sealed), hex.EncodeToString(sealed)
		all["sealed in base64"] = base64.RawStdEncoding.EncodeToString(sealed)
	}

	for shift := range 3 { // within a longer encoded text
		text := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), raw...))
		all[fmt.Sprint("base64 ", shift)] = text[2+shift : len(text)-2]
	}

	return all
}

// expectNowhere fails if a place holds a secret in any form.
func (s *secrets) expectNowhere(t testing.TB, place string, content []byte) {
	t.Helper()
	content = bytes.ToLower(content)
	for i, secret := range s.texts {
		for form, text := range encodings(secret) {
			if bytes.Contains(content, bytes.ToLower([]byte(text))) {
				t.Errorf("%s holds secret %d (%s…), %s", place, i, secret[:8], form)
			}
		}
	}
}

// What the server writes into its log and database is of no use to someone who steals it.
func TestSecretsAreWrittenNowhere(t *testing.T) {
	t.Parallel()

	storagetest.Each(t, func(t *testing.T, url string) {
		var hidden secrets
		s := newSite(t, url)
		right := hidden.password()
		s.customer("ada", right)
		s.customer("bob", right)
		server := s.start("--reuse-window=1s", "--guesses-per-account=11")
		outputs := []*output{&server.stdout, &server.stderr}
		hidden.doEverything(server, "ada", right)
		second := s.start("--reuse-window=0s", "--log-format=text", "--guesses-per-source=2",
			"--guesses-per-account=5", "--introspection=false")
		outputs = append(outputs, &second.stdout, &second.stderr)
		hidden.doEverything(second, "bob", right)

		logged := server.stderr.String() + second.stderr.String()
		for _, event := range []string{
			"statement", "request", "act done", "INVALID_CREDENTIALS", "after wrong passwords", "session ended",
		} {
			if !strings.Contains(logged, event) {
				t.Errorf("the log does not mention %q", event)
			}
		}

		for _, output := range outputs {
			hidden.expectNowhere(t, "the log", []byte(output.String()))
		}

		hidden.expectNowhere(t, "the database", s.dump())
		for _, file := range s.databaseFiles() {
			content, err := os.ReadFile(file)
			must(t, err)
			hidden.expectNowhere(t, filepath.Base(file), content)
		}
	})
}

// doEverything sends secrets to the server in all the right and wrong places.
func (s *secrets) doEverything(server *server, name, right string) {
	server.t.Helper()
	s.useTickets(server, name, right)
	s.guess(server, name, right)
	s.sendInDocuments(server)
	s.sendInRequests(server)
	s.sendWithoutHTTP(server)
}

// ask sends an operation, and fails if the answer repeats a password.
func (s *secrets) ask(server *server, operation operation, headers ...string) answer {
	server.t.Helper()
	got := server.ask(operation, headers...)
	for _, password := range s.texts {
		if strings.HasPrefix(password, "Pw") && strings.Contains(got.Text, password) {
			server.t.Errorf("the answer repeats a password: %s", got.Text)
		}
	}

	return got
}

// useTickets uses tokens in the right and wrong fields and headers.
func (s *secrets) useTickets(server *server, name, right string) {
	t := server.t
	t.Helper()
	ticketOf := func(operation operation) ticket {
		t.Helper()
		return s.ticket(server.ticket(operation))
	}

	anonymous := ticketOf(anonymousOperation())
	ticketOf(refreshOperation(anonymous.RefreshToken))
	customer := ticketOf(signInOperation(name, right, anonymous.RefreshToken))
	s.ask(server, accountOperation(), "Authorization", "Bearer "+customer.AccessToken)
	s.ask(server, accountOperation(), "x-vol-user-claims", customer.AccessToken)
	s.ask(server, accountOperation(), "Authorization", "Basic "+customer.AccessToken)
	s.ask(server, accountOperation(), "Authorization", customer.RefreshToken, "Authorization", customer.AccessToken)
	next := ticketOf(refreshOperation(customer.RefreshToken))
	ticketOf(refreshOperation(next.RefreshToken))
	expect(t, s.ask(server, refreshOperation(customer.RefreshToken)), "TOKEN_REUSED")
	expect(t, s.ask(server, refreshOperation(next.AccessToken)), "TOKEN_INVALID")
	s.ask(server, revokeOperation(ticketOf(signInOperation(name, right, "")).RefreshToken, false))
	s.ask(server, revokeOperation(ticketOf(signInOperation(name, right, customer.RefreshToken)).RefreshToken, true))
	s.ask(server, refreshOperation(next.RefreshToken[:80]+s.password()))
}

// guess sends passwords in the right and wrong fields.
func (s *secrets) guess(server *server, name, right string) {
	server.t.Helper()
	for range 4 {
		s.ask(server, signInOperation(name, s.password(), ""))
		s.ask(server, signInOperation("nobody", s.password(), ""))
		s.ask(server, signInOperation(s.password(), right, "")) // in the wrong field
	}

	s.ask(server, signInOperation(name, strings.Repeat(s.password(), 100), ""))
	s.ask(server, signInOperation(strings.Repeat(s.password(), 100), right, ""))
	s.ask(server, refreshOperation(s.password()))
}

// sendInDocuments sends passwords in documents and variables that cannot be run.
func (s *secrets) sendInDocuments(server *server) {
	server.t.Helper()
	for _, query := range []string{
		`mutation { createUserTicket(input: {username: "ada", password: "%s"}) { accessToken } }`,
		`mutation { createUserTicket(input: {username: "ada", password: ["%s"]}) { accessToken } }`,
		`mutation { createUserTicket(input: {username: "ada", password: {is: "%s"}}) { accessToken } }`,
		`mutation { createUserTicket(input: "%s") { accessToken } }`,
		`mutation { revokeTicket(refreshToken: "x", everywhere: "%s") { sessionsEnded } }`,
		`mutation { createUserTicket(input: {username: "ada", password: "%s") { accessToken } }`,
		`mutation { createUserTicket(input: {username: "ada", password: "%s}) { accessToken } }`,
		`mutation { createUserTicket(input: {username: "ada", password: "\%s"}) { accessToken } }`,
		`mutation { createUserTicket(input: {username: "ada", password: """%s"""}) { accessToken } } }`,
		`mutation ($p: Int = "%s") { createUserTicket(input: {username: "ada", password: $p}) { accessToken } }`,
		`# %s`, "%s",
	} {
		s.ask(server, operation{query: fmt.Sprintf(query, s.password())})
	}

	for _, password := range []any{
		[]any{s.password()}, map[string]any{"is": s.password()}, map[string]any{s.password(): nil},
	} {
		s.ask(server, operation{
			signInOperation("", "", "").query,
			variables{"input": variables{"username": "ada", "password": password}},
		})
	}

	s.ask(server, operation{signInOperation("", "", "").query, variables{"input": s.password()}})
	s.ask(server, operation{signInOperation("", "", "").query, variables{"input": []any{s.password()}}})
	s.ask(server, operation{
		signInOperation("", "", "").query,
		variables{"input": variables{"username": "ada", "password": "x", "more": s.password()}},
	})
	s.ask(server, operation{
		revokeOperation("", false).query,
		variables{"token": s.password(), "everywhere": s.password()},
	})
}

// sendInRequests sends passwords in malformed bodies, addresses and headers.
func (s *secrets) sendInRequests(server *server) {
	server.t.Helper()
	for _, body := range []string{
		`{"query": "mutation { createUserTicket(input: {username: \"ada\", password: \"%s`, `%s`, `"%s"`,
		`["%s"]`, `{"query": {"%s": 1}}`, `{"query": 1, "x": "%s"}`,
		`{"variables": "%s", "query": "{ currentShopper { userId } }"}`,
		`{"query": "{ currentShopper { userId } }"} %s`, `{"%s": tru}`, `query=%s`,
	} {
		for _, contentType := range []string{"application/json", "text/plain"} {
			s.send(server, http.MethodPost, "/graphql", fmt.Sprintf(body, s.password()), "Content-Type", contentType)
		}
	}

	s.send(
		server, http.MethodGet,
		"/graphql?query="+url.QueryEscape(`{ x(y: "`+s.password()+`") }`)+"&variables="+s.password(),
		"", "apollo-require-preflight", "1",
	)
	s.send(
		server, http.MethodGet,
		"/graphql?query="+url.QueryEscape(`mutation { refreshTicket(refreshToken: "`+s.password()+`") { userId } }`),
		"", "apollo-require-preflight", "1",
	)
	s.send(
		server, http.MethodPost, "/graphql?password="+s.password(), "{}", "Content-Type",
		"application/json; charset="+s.password(),
	)
	s.send(
		server, http.MethodPut, "/graphql", s.password(), "Content-Encoding", s.password(), "Origin",
		"https://"+s.password(), "Cookie", s.password(),
	)
	s.send(
		server, http.MethodGet, "/livez?"+s.password(), "", "X-Forwarded-For", s.password(),
		"User-Agent", s.password(), "X-Request-Id", "a b "+s.password(),
	)
}

// sendWithoutHTTP sends passwords in bytes that are not HTTP.
func (s *secrets) sendWithoutHTTP(server *server) {
	t := server.t
	t.Helper()
	connection, err := (&net.Dialer{}).DialContext(soon(t), "tcp", strings.TrimPrefix(server.url, "http://"))
	must(t, err)
	_, _ = io.WriteString(connection, s.password()+"\r\nX: "+s.password()+"\r\n\r\n")
	_, _ = io.ReadAll(connection)
	_ = connection.Close()
}

func (s *secrets) send(server *server, method, path, body string, headers ...string) {
	server.t.Helper()
	request, err := http.NewRequestWithContext(soon(server.t), method, server.url+path, strings.NewReader(body))
	must(server.t, err)

	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}

	got, err := send(server.client, request)
	must(server.t, err)
	s.expectNowhere(server.t, method+" "+path[:6]+"'s answer", []byte(got.Text))

	for name, values := range got.Header {
		s.expectNowhere(server.t, name, []byte(strings.Join(values, "\n")))
	}
}
