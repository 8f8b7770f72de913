package web

import (
	"container/list"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Connections keeps the number of connections below a limit. When there are too many, a new one
// takes the place of the one that has been useless for longest: first of those that wait for a next
// request, then of those that have not finished sending one, or do not take their answer. An
// operation is never cut off, and each connection has a moment to send its request. Where none can
// be closed, the new one gets a 503.
//
// A limit that only waits, like that of x/net/netutil, lets idle connections lock everyone out.
type Connections struct {
	most   int
	log    *slog.Logger
	recent recent

	mutex sync.Mutex
	// idle and slow hold the connections that may be closed, the longest useless in front.
	idle, slow list.List
	count      int
	refusing   int
	closings   int
	collecting atomic.Bool
}

// NewConnections returns a limit of so many connections, which must be positive. That it is reached
// is logged once a minute.
func NewConnections(most int, log *slog.Logger) *Connections {
	return &Connections{most: most, log: log}
}

// DefaultConnections returns how many connections a server may have that needs some descriptors for
// other things: as many as the system leaves, up to what takes little memory even if all are
// attacks.
func DefaultConnections(otherDescriptors int) int {
	const most, share, least = 600, 4, 8
	available, known := descriptors()
	if !known {
		return most
	}
	return max(least, min(most, max(available-otherDescriptors, available/share)))
}

// Listen returns a listener whose connections are counted. Serve must be called with its server.
func (c *Connections) Listen(listener net.Listener) net.Listener {
	return &limitedListener{listener, c}
}

// Follow makes a server tell what its connections do.
func (c *Connections) Follow(server *http.Server) {
	server.ConnState = func(socket net.Conn, state http.ConnState) {
		if connection, ok := socket.(*connection); ok {
			c.changed(connection, state)
		}
	}
	server.ConnContext = func(ctx context.Context, socket net.Conn) context.Context {
		return context.WithValue(ctx, connectionKey{}, socket)
	}
}

type limitedListener struct {
	net.Listener

	limit *Connections
}

// Accept implements net.Listener.
func (l *limitedListener) Accept() (net.Conn, error) {
	for {
		socket, err := l.Listener.Accept()
		switch {
		case isOutOfDescriptors(err) && l.limit.closeOne():
			continue
		case err != nil:
			return nil, err
		}
		if connection := l.limit.admit(socket); connection != nil {
			return connection, nil
		}
	}
}

func isOutOfDescriptors(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

type connectionKey struct{}

// connection is a connection that is counted.
type connection struct {
	net.Conn

	limit *Connections
	once  sync.Once
	// place is where it stands in a list of the limit, since when; nil while it is busy, and when
	// it is closed. The limit's mutex guards these.
	place  *list.Element
	within *list.List
	since  time.Time
	closed bool
}

// Close implements net.Conn.
func (c *connection) Close() error {
	c.once.Do(func() { c.limit.gone(c) })
	return c.Conn.Close()
}

// CloseWrite ends what is sent, so that the other side can still read an answer to a request that
// was not read to its end. net/http looks for it.
func (c *connection) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// admit counts a new connection, and closes another where there are too many. It returns nil where
// none can be closed: the new one has been refused then.
func (c *Connections) admit(socket net.Conn) *connection {
	added := &connection{Conn: socket, limit: c}
	c.mutex.Lock()
	isFull := c.count >= c.most
	var closing *connection
	if isFull {
		c.warn()
		if closing = c.take(); closing == nil {
			c.mutex.Unlock()
			c.refuse(socket)
			return nil
		}
	}
	c.count++
	c.place(added, &c.slow)
	c.mutex.Unlock()

	if closing != nil {
		_ = closing.Close()
		c.collect()
	}
	return added
}

// collect frees, now and then, what closed connections have held. The garbage collector trades
// memory for time (see collectRarely): left to itself, it would let a crowd that comes and goes
// take several times the memory of those that are there.
func (c *Connections) collect() {
	const often = 128
	c.mutex.Lock()
	c.closings++
	isDue := c.closings%often == 0
	c.mutex.Unlock()
	if isDue && c.collecting.CompareAndSwap(false, true) {
		go func() {
			defer c.collecting.Store(false)
			runtime.GC()
		}()
	}
}

func (c *Connections) warn() {
	if c.recent.isNew("limit") {
		c.log.Warn("connection limit reached: those that are idle or slow are closed, see --connection-limit", "limit", c.most)
	}
}

// aMoment is how long a connection is left to send a request, however many others come.
const aMoment = 100 * time.Millisecond

// take returns the connection to close, which counts no longer; nil when there is none.
func (c *Connections) take() *connection {
	for _, useless := range []*list.List{&c.idle, &c.slow} {
		front := useless.Front()
		if front == nil {
			continue
		}
		found, _ := front.Value.(*connection)
		if useless == &c.slow && time.Since(found.since) < aMoment { //nolint:forbidigo // real time, which sockets live in
			continue
		}
		c.forget(found)
		return found
	}
	return nil
}

// closeOne closes a connection that is of no use, and reports whether there was one.
func (c *Connections) closeOne() bool {
	c.mutex.Lock()
	found := c.take()
	c.mutex.Unlock()
	if found == nil {
		return false
	}
	_ = found.Close()
	return true
}

func (c *Connections) place(moved *connection, to *list.List) {
	if moved.closed || moved.within == to {
		return
	}
	if moved.within != nil {
		moved.within.Remove(moved.place)
	}
	moved.within, moved.place = to, nil
	if to != nil {
		moved.place, moved.since = to.PushBack(moved), time.Now() //nolint:forbidigo // as above
	}
}

// forget takes a connection out of the count, once.
func (c *Connections) forget(gone *connection) {
	if gone.closed {
		return
	}
	c.place(gone, nil)
	gone.closed = true
	c.count--
}

func (c *Connections) gone(closed *connection) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.forget(closed)
}

// changed follows what net/http says of a connection. One is active when the head of a request has
// been read; before it finds a handler it is still slow.
func (c *Connections) changed(connection *connection, state http.ConnState) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	switch state {
	case http.StateIdle:
		c.place(connection, &c.idle)
	case http.StateActive:
		c.place(connection, &c.slow)
	case http.StateHijacked, http.StateClosed:
		c.forget(connection)
	case http.StateNew:
	}
}

// busy says whether the server works on the request of a context. While it does, the connection is
// not closed.
func busy(ctx context.Context, isBusy bool) {
	connection, ok := ctx.Value(connectionKey{}).(*connection)
	if !ok {
		return
	}
	c := connection.limit
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if isBusy {
		c.place(connection, nil)
	} else {
		c.place(connection, &c.slow)
	}
}

// refusal503 is the answer to a connection that there is no room for.
const refusal503 = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\n" +
	"Cache-Control: no-store\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n\r\nbusy\n"

// refuse answers a connection without reading its request, and closes it. Closed at once, it would
// lose the answer with the request that is still to come.
func (c *Connections) refuse(socket net.Conn) {
	const (
		share    = 4 // of the limit that may be on their way out at a time
		patience = 200 * time.Millisecond
		longest  = 64 << 10
	)
	c.mutex.Lock()
	isRoom := c.refusing <= c.most/share
	if isRoom {
		c.refusing++
	}
	c.mutex.Unlock()

	_ = socket.SetDeadline(time.Now().Add(patience)) //nolint:forbidigo // as above
	_, _ = io.WriteString(socket, refusal503)
	if !isRoom {
		_ = socket.Close()
		return
	}
	go func() {
		if half, ok := socket.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
		_, _ = io.Copy(io.Discard, io.LimitReader(socket, longest))
		_ = socket.Close()
		c.mutex.Lock()
		defer c.mutex.Unlock()
		c.refusing--
	}()
}
