package test_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/go-sql-driver/mysql"

	"github.com/authtickets/authtickets/storage/storagetest"
	"github.com/authtickets/authtickets/web"
)

// beginRefresh sends a refresh. The returned function disconnects the client, which ends the
// request.
func (o *office) beginRefresh(token string) (disconnect func()) {
	o.t.Helper()
	query := `mutation { refreshTicket(refreshToken: "` + token + `") { userId } }`
	body, err := json.Marshal(map[string]any{"query": query})
	must(o.t, err)
	ctx, cancel := context.WithCancel(o.t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, o.web.URL+"/graphql", bytes.NewReader(body))
	must(o.t, err)
	request.Header.Set("Content-Type", "application/json")
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if response, err := o.web.Client().Do(request); err == nil {
			_ = response.Body.Close()
		}
	}()

	return func() {
		cancel()
		<-ended
	}
}

// heldUp is a schema whose operations wait before they begin.
type heldUp struct {
	graphql.ExecutableSchema

	begun, resume chan struct{}
	ended         chan error
}

func (s heldUp) Exec(ctx context.Context) graphql.ResponseHandler {
	respond := s.ExecutableSchema.Exec(ctx)
	return func(ctx context.Context) *graphql.Response {
		close(s.begun)
		<-s.resume
		response := respond(ctx)
		s.ended <- ctx.Err()
		return response
	}
}

// What a client has started is completed, although the client has disconnected. That causes no
// warning.
func TestDisconnectedClientsAreNoWarning(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		t.Helper()
		schema := heldUp{o.settings.Schema, make(chan struct{}), make(chan struct{}), make(chan error, 1)}
		slow := o.with(func(s *web.Settings) { s.Schema = schema })
		token := o.refresh(o.anonymous().RefreshToken).RefreshToken

		disconnect := slow.beginRefresh(token)
		<-schema.begun
		disconnect()
		const noticed = 100 * time.Millisecond // the server has noticed the disconnect
		time.Sleep(noticed)
		close(schema.resume)
		if err := <-schema.ended; err != nil {
			t.Error(err)
		}

		slow.web.Close()
		logged := o.log.String()
		if strings.Contains(logged, `"level":"WARN"`) || strings.Contains(logged, `"level":"ERROR"`) {
			t.Error(logged)
		}

		o.clock.Pass(time.Minute)
		if got := o.tryRefresh(token).Reason(); got != "TOKEN_REUSED" {
			t.Errorf("the refresh was not finished: %q", got)
		}
	})
}

// A refresh whose client has disconnected ends no session, although others have overtaken it.
func TestDisconnectedClientsEndNoSession(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		t.Helper()
		anonymous := o.anonymous().RefreshToken
		for _, token := range []string{anonymous, o.refresh(o.anonymous().RefreshToken).RefreshToken} {
			schema := heldUp{o.settings.Schema, make(chan struct{}), make(chan struct{}), make(chan error, 1)}
			slow := o.with(func(s *web.Settings) { s.Schema = schema })

			disconnect := slow.beginRefresh(token)
			<-schema.begun
			disconnect()
			last := o.refresh(o.refresh(token).RefreshToken)
			const noticed = 100 * time.Millisecond // the server has noticed the disconnect
			time.Sleep(noticed)
			close(schema.resume)
			must(t, <-schema.ended)
			slow.web.Close()

			o.refresh(last.RefreshToken)
		}

		if count := strings.Count(o.log.String(), "by a client that has gone: session goes on"); count != 2 {
			t.Errorf("the log reports %d overtaken refreshes", count)
		}
		if got := o.tryRefresh(anonymous).Reason(); got != "TOKEN_REUSED" {
			t.Errorf("a client that waits for the answer gets %q", got)
		}
	})
}

// Statements are not cancelled, because a cancelled statement would cost its connection.
func TestDisconnectedClientsCostNoConnection(t *testing.T) {
	t.Parallel()

	url, ok := storagetest.MySQL(t)
	if !ok {
		t.Skip("there is no MySQL server")
	}

	o := open(t, url)
	config, err := mysql.ParseDSN(url)
	must(t, err)
	direct, err := sql.Open("mysql", url)
	must(t, err)
	t.Cleanup(func() { _ = direct.Close() })
	connections := func() (ids string) {
		const query = "SELECT GROUP_CONCAT(id ORDER BY id) FROM information_schema.processlist WHERE db = ?"
		must(t, direct.QueryRowContext(t.Context(), query, config.DBName).Scan(&ids))
		return ids
	}
	waiting := func() (count int) {
		const query = "SELECT COUNT(*) FROM information_schema.processlist WHERE db = ? AND info LIKE 'UPDATE%'"
		must(t, direct.QueryRowContext(t.Context(), query, config.DBName).Scan(&count))
		return count
	}

	ticket := o.refresh(o.anonymous().RefreshToken)
	session, err := hex.DecodeString(ticket.SessionID)
	must(t, err)
	lock, err := direct.BeginTx(t.Context(), nil)
	must(t, err)
	_, err = lock.ExecContext(t.Context(), "UPDATE sessions SET generation = generation WHERE id = ?", session)
	must(t, err)
	before := connections()

	served := o.with(func(*web.Settings) {})
	disconnect := served.beginRefresh(ticket.RefreshToken)
	for waiting() == 0 {
		time.Sleep(time.Millisecond)
	}

	disconnect()
	const noticed = 100 * time.Millisecond // the server has noticed the disconnect
	time.Sleep(noticed)
	if waiting() == 0 {
		t.Error("the statement was given up")
	}

	must(t, lock.Rollback())
	served.web.Close()

	if after := connections(); after != before {
		t.Errorf("connections %s before, %s after", before, after)
	}

	o.clock.Pass(time.Minute)
	if got := o.tryRefresh(ticket.RefreshToken).Reason(); got != "TOKEN_REUSED" {
		t.Errorf("the refresh was not finished: %q", got)
	}
}
