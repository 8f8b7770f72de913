package web

import (
	"bufio"
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/authtickets/authtickets/inbound"
)

// The check of the database is not cut off when the connection limit is reached.
func TestReadinessIsNotCutOff(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	begun, goOn := make(chan struct{}), make(chan struct{})
	check := ready(func(context.Context) error {
		close(begun)
		<-goOn
		return nil
	}, log)
	traced := inbound.Trace(check, inbound.TraceSettings{Log: log, Deadline: time.Minute, Random: rand.Reader})
	server := httptest.NewUnstartedServer(traced)
	limit := inbound.NewConnections(1, log)
	limit.Follow(server.Config)
	server.Listener = limit.Listen(server.Listener)
	server.Start()
	t.Cleanup(server.CloseClientConnections)

	send := func() *bufio.Reader {
		socket, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = socket.Close() })
		_, _ = io.WriteString(socket, "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
		return bufio.NewReader(socket)
	}
	status := func(answer *bufio.Reader) int {
		response, err := http.ReadResponse(answer, nil)
		if err != nil {
			t.Error(err)
			return 0
		}
		return response.StatusCode
	}

	checking := send()
	<-begun
	time.Sleep(300 * time.Millisecond) // longer than a slow connection keeps its place
	if got := status(send()); got != http.StatusServiceUnavailable {
		t.Errorf("the other connection: %d", got)
	}
	close(goOn)
	if got := status(checking); got != http.StatusOK {
		t.Errorf("the check: %d", got)
	}
}
