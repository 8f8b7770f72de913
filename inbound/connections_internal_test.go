package inbound

import (
	"bufio"
	"crypto/rand"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const testLimit = 4

// limitedServer serves with a limit of connections. Requests to /busy hold their connection until
// release is called.
func limitedServer(t *testing.T) (address string, limit *Connections, release func()) {
	t.Helper()
	goOn := make(chan struct{})
	limit = NewConnections(testLimit, slog.New(slog.DiscardHandler))
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/busy" {
			ctx := newRequest(r.Context(), "")
			release := Hold(ctx)
			<-goOn
			release()
		}
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			_, _ = io.WriteString(w, "served")
		}
	}))
	limit.Follow(server.Config)
	server.Listener = limit.Listen(server.Listener)
	server.Start()
	t.Cleanup(server.CloseClientConnections)
	return server.Listener.Addr().String(), limit, func() { close(goOn) }
}

// servedByHandler serves some paths as the whole server does, with a limit of connections.
func servedByHandler(t *testing.T, paths map[string]http.Handler) (address string, limit *Connections) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	mux := http.NewServeMux()
	for path, handler := range paths {
		mux.Handle(path, handler)
	}
	traced := Trace(mux, TraceSettings{Log: log, Deadline: 10 * time.Second, Random: rand.Reader})
	server := httptest.NewUnstartedServer(traced)
	limit = NewConnections(testLimit, log)
	limit.Follow(server.Config)
	server.Listener = limit.Listen(server.Listener)
	server.Start()
	t.Cleanup(server.CloseClientConnections)
	return server.Listener.Addr().String(), limit
}

// open opens a connection and sends a text on it.
func open(t *testing.T, address, text string) net.Conn {
	t.Helper()
	socket, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	_ = socket.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(socket, text); err != nil {
		t.Fatal(err)
	}
	return socket
}

func get(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n" }

// status returns the status of the answer on a connection, or 0 if the connection was closed.
func status(t *testing.T, socket net.Conn) int {
	t.Helper()
	response, err := http.ReadResponse(bufio.NewReader(socket), nil)
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	return response.StatusCode
}

func (c *Connections) present() int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return len(c.open)
}

func TestConnectionsCloseIdleOnesFirst(t *testing.T) {
	t.Parallel()
	address, limit, _ := limitedServer(t)
	unfinished := open(t, address, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
	for i := range 5 * testLimit {
		if got := status(t, open(t, address, get("/"))); got != http.StatusOK {
			t.Fatalf("connection %d: %d", i, got)
		}
		if present := limit.present(); present > testLimit {
			t.Fatalf("%d connections", present)
		}
	}
	if _, err := io.WriteString(unfinished, "123456789"); err != nil || status(t, unfinished) != http.StatusOK {
		t.Error("a connection in use was closed instead of an idle one")
	}
}

func TestConnectionsThatDoNotFinishMakeRoom(t *testing.T) {
	t.Parallel()
	for name, sent := range map[string]string{
		"nothing": "",
		"head":    "GET / HTTP/1.1\r\nX: ",
		"body":    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, _, _ := limitedServer(t)
			for range testLimit {
				open(t, address, sent)
			}
			got := status(t, open(t, address, get("/")))
			if got != http.StatusOK && got != http.StatusServiceUnavailable {
				t.Errorf("at once: %d", got)
			}
			time.Sleep(2 * graceToSend)
			if got := status(t, open(t, address, get("/"))); got != http.StatusOK {
				t.Errorf("after a moment: %d", got)
			}
		})
	}
}

func answering(text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })
}

// A client that sends one request after the other and reads no answer does not keep its place. Only
// a connection that is held keeps its place.
func TestConnectionsThatDoNotReadMakeRoom(t *testing.T) {
	t.Parallel()
	address, limit := servedByHandler(t, map[string]http.Handler{
		"/large": answering(strings.Repeat("x", 1<<20)),
		"/held": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			release := Hold(r.Context())
			request, _ := r.Context().Value(requestKey{}).(*request)
			isHeld := request.connection.use.Load() == working
			release()
			if !isHeld {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}),
	})
	for range testLimit {
		open(t, address, strings.Repeat(get("/large"), 20))
	}
	for limit.present() < testLimit {
		time.Sleep(time.Millisecond)
	}
	const filled = 200 * time.Millisecond // the buffers between server and client
	time.Sleep(filled + 2*graceToSend)
	for i := range testLimit {
		if got := status(t, open(t, address, get("/held"))); got != http.StatusOK {
			t.Errorf("connection %d: %d", i, got)
		}
	}
}

func TestConnectionsAtWorkAreNotClosed(t *testing.T) {
	t.Parallel()
	address, limit, release := limitedServer(t)
	var working []net.Conn
	for range testLimit {
		working = append(working, open(t, address, get("/busy")))
	}
	for limit.working() < testLimit {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(2 * graceToSend)
	response := open(t, address, get("/"))
	text, _ := io.ReadAll(response)
	if !strings.HasPrefix(string(text), "HTTP/1.1 503 ") || !strings.Contains(string(text), "Retry-After: 1") {
		t.Errorf("%q", text)
	}

	release()
	for i, socket := range working {
		if got := status(t, socket); got != http.StatusOK {
			t.Errorf("connection %d: %d", i, got)
		}
	}
	if got := status(t, open(t, address, get("/"))); got != http.StatusOK {
		t.Errorf("afterwards: %d", got)
	}
}

// A connection needs a descriptor even while it is refused. The limit leaves enough descriptors for
// these, for files and for the database.
func TestConnectionsLeaveDescriptors(t *testing.T) {
	t.Parallel()
	const others = 64
	for available := 128; available <= 2048; available += 32 {
		most := connectionsWithin(available, others)
		limit := NewConnections(most, slog.New(slog.DiscardHandler))
		if used := most + limit.mostRefusals() + others; used > available {
			t.Errorf("%d of %d descriptors are used", used, available)
		}
		if most < available/4 && most < mostByDefault {
			t.Errorf("%d of %d descriptors are for connections", most, available)
		}
	}
}

func (c *Connections) working() (count int) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for connection := range c.open {
		if connection.use.Load() == working {
			count++
		}
	}
	return count
}
