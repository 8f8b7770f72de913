package program_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/storage/storagetest"
)

// dial opens a connection that the test writes to directly.
func (s *server) dial() net.Conn {
	s.t.Helper()
	connection, err := (&net.Dialer{}).DialContext(soon(s.t), "tcp", strings.TrimPrefix(s.url, "http://"))
	must(s.t, err)
	s.t.Cleanup(func() { _ = connection.Close() })
	must(s.t, connection.SetDeadline(time.Now().Add(patience)))

	return connection
}

// Clients that never complete a request are disconnected, whether they are silent or send a little
// now and then. Other clients do not notice.
func TestSlowClients(t *testing.T) {
	t.Parallel()

	s := newSite(t, storagetest.SQLite(t))
	server := s.start()
	const head = "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"

	// The connections are opened here, so that all are slow at the same time.
	begin := time.Now()
	ended := make(chan string)
	slow := map[string]string{
		"nothing": "", "header": head, "header, with more now and then": head,
		"body":                          head + "Content-Length: 100\r\n\r\n{",
		"body, with more now and then":  head + "Content-Length: 100\r\n\r\n{",
		"chunk":                         head + "Transfer-Encoding: chunked\r\n\r\n5\r\n{",
		"chunk, with more now and then": head + "Transfer-Encoding: chunked\r\n\r\n50\r\n{",
	}

	for name, sent := range slow {
		connection := server.dial()
		_, err := io.WriteString(connection, sent)
		must(t, err)
		if strings.Contains(name, "now and then") {
			go func() {
				for err == nil {
					time.Sleep(time.Second)
					_, err = io.WriteString(connection, "x")
				}
			}()
		}

		go func() {
			_, _ = io.Copy(io.Discard, connection)
			ended <- name
		}()
	}

	for range slow {
		name := <-ended
		if took := time.Since(begin); took > 20*time.Second {
			t.Errorf("%s: cut off after %s", name, took)
		}
	}

	server.anonymous()
}

// A body that is too large is refused at once. If its length is given, it is refused before it
// arrives, and otherwise when it exceeds the limit.
func TestLargeBodies(t *testing.T) {
	t.Parallel()

	s := newSite(t, storagetest.SQLite(t))
	server := s.start("--body-limit=2000")
	const head = "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"

	for name, sent := range map[string]string{
		"length":             head + "Content-Length: 2001\r\n\r\n",
		"huge length":        head + "Content-Length: 9223372036854775807\r\n\r\n",
		"length, asks first": head + "Content-Length: 2001\r\nExpect: 100-continue\r\n\r\n",
		"chunks": head + "Transfer-Encoding: chunked\r\n\r\n" +
			strings.Repeat("3e8\r\n"+strings.Repeat(" ", 1000)+"\r\n", 2) + "1\r\n \r\n",
	} {
		connection := server.dial()
		begin := time.Now()
		_, err := io.WriteString(connection, sent)
		must(t, err)
		response, err := http.ReadResponse(bufio.NewReader(connection), nil)
		must(t, err)
		text, err := io.ReadAll(response.Body)
		must(t, err)
		must(t, response.Body.Close())
		if took := time.Since(begin); response.StatusCode != http.StatusRequestEntityTooLarge || took > 5*time.Second ||
			!response.Close {
			t.Errorf("%s: %d after %s: %s", name, response.StatusCode, took, text)
		}

		if !strings.Contains(string(text), `"code":"BAD_USER_INPUT"`) || !strings.Contains(string(text), "2000 bytes") {
			t.Errorf("%s: %s", name, text)
		}
	}

	// This body has the maximum length.
	const query = `{"query":"{ __typename }"}`
	for _, framing := range []string{
		"Content-Length: 2000\r\n\r\n%s", "Transfer-Encoding: chunked\r\n\r\n7d0\r\n%s\r\n0\r\n\r\n",
	} {
		connection := server.dial()
		_, err := fmt.Fprintf(connection, head+framing, query+strings.Repeat(" ", 2000-len(query)))
		must(t, err)
		response, err := http.ReadResponse(bufio.NewReader(connection), nil)
		must(t, err)
		must(t, response.Body.Close())
		if response.StatusCode != http.StatusOK {
			t.Errorf("a body of exactly the limit: %d", response.StatusCode)
		}
	}
}
