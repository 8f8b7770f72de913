package web

import (
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

	"github.com/authtickets/authtickets/safely"
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
	begun  time.Time

	mutex      sync.Mutex
	open       map[*connection]struct{}
	refusing   int
	closings   int
	collecting atomic.Bool
}

// NewConnections limits the number of connections to most, which must be positive. Reaching the
// limit is logged once a minute.
func NewConnections(most int, log *slog.Logger) *Connections {
	begun := time.Now() //nolint:forbidigo // real time, which sockets live in
	return &Connections{most: most, log: log, begun: begun, open: map[*connection]struct{}{}}
}

func (c *Connections) clock() time.Duration { return time.Since(c.begun) } //nolint:forbidigo // as above

// DefaultConnections returns how many connections a server may have that needs some descriptors for
// other things: as many as the system leaves, up to what takes little memory even if all are
// attacks.
func DefaultConnections(otherDescriptors int) int {
	available, known := descriptors()
	if !known {
		return mostByDefault
	}
	return connectionsWithin(available, otherDescriptors)
}

// mostByDefault is the limit of connections where the system has room for more.
const mostByDefault = 600

// connectionsWithin returns how many connections fit into a number of descriptors, besides others
// and the connections that are being refused. However few descriptors there are, a quarter of them
// is for connections.
func connectionsWithin(available, others int) int {
	const share, least = 4, 8
	fitting := max(available-others, available/share) * refusalShare / (refusalShare + 1)
	return max(least, min(mostByDefault, fitting))
}

// refusalShare is by what the limit is divided to get how many connections may be on their way out
// at a time, on top of it.
const refusalShare = 4

func (c *Connections) mostRefusals() int { return max(1, c.most/refusalShare) }

// Listen returns a listener whose connections are counted. Serve must be called with its server.
func (c *Connections) Listen(listener net.Listener) net.Listener {
	return &limitedListener{listener, c}
}

// Follow makes a server tell what its connections do.
func (c *Connections) Follow(server *http.Server) {
	server.ConnState = func(socket net.Conn, state http.ConnState) {
		if connection, ok := socket.(*connection); ok {
			follow(connection, state)
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
	// use and since change with each request, so no lock guards them.
	use atomic.Int32
	// since is when use changed, in nanoseconds of the limit's clock.
	since atomic.Int64
}

// What a connection is used for.
const (
	slow    int32 = iota // it sends a request, or takes an answer
	idle                 // it waits for the next request
	working              // the server works on its request
	closed               // it is not counted
)

// turn says what a connection is used for from now on.
func (c *connection) turn(use int32) {
	was := c.use.Load()
	if was == use || was == closed {
		return
	}
	c.since.Store(int64(c.limit.clock()))
	c.use.CompareAndSwap(was, use) // or it has been closed meanwhile
}

// Close implements net.Conn.
func (c *connection) Close() error {
	c.limit.forget(c)
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
	boundUnread(socket)
	added := &connection{Conn: socket, limit: c}
	added.since.Store(int64(c.clock()))
	c.mutex.Lock()
	isFull := len(c.open) >= c.most
	var closing *connection
	if isFull {
		c.warn()
		if closing = c.evict(); closing == nil {
			c.mutex.Unlock()
			c.refuse(socket)
			return nil
		}
	}
	c.open[added] = struct{}{}
	c.mutex.Unlock()

	if closing != nil {
		_ = closing.Close()
		c.collectGarbage()
	}
	return added
}

// boundUnread bounds what the system holds of answers that a client does not read. Left to itself,
// Linux lets that grow to 4 MiB for each connection, and counts it as memory of the container.
func boundUnread(socket net.Conn) {
	const most = 64 << 10 // of which Linux makes twice as much
	if buffered, ok := socket.(interface{ SetWriteBuffer(bytes int) error }); ok {
		_ = buffered.SetWriteBuffer(most)
	}
}

// collectGarbage frees, now and then, what closed connections have held. The garbage collector
// trades memory for time (see collectRarely): left to itself, it would let a crowd that comes and
// goes take several times the memory of those that are there.
func (c *Connections) collectGarbage() {
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
		c.log.Warn("connection limit reached: those that are idle or slow are closed, see --connection-limit",
			"limit", c.most)
	}
}

// graceToSend is how long a connection is left to send a request or to take an answer, however many
// others come.
const graceToSend = 100 * time.Millisecond

// evict takes a connection that can be closed out of the count, and returns it. The caller closes
// it. It returns nil where there is none.
func (c *Connections) evict() *connection {
	for {
		found, use := c.longestReplaceable()
		if found == nil {
			return nil
		}
		if found.use.CompareAndSwap(use, closed) { // or it has begun a request
			delete(c.open, found)
			return found
		}
	}
}

// longestReplaceable returns the connection that has been idle for longest; where none is idle, the
// one that has been slow for longest. It returns nil where there is none.
func (c *Connections) longestReplaceable() (found *connection, use int32) {
	if found = c.longest(idle, 0); found != nil {
		return found, idle
	}
	return c.longest(slow, graceToSend), slow
}

// longest returns the connection that has had a use for longest, and for no less than least.
func (c *Connections) longest(use int32, least time.Duration) (found *connection) {
	earliest := int64(c.clock() - least)
	for candidate := range c.open {
		if since := candidate.since.Load(); candidate.use.Load() == use && since <= earliest {
			found, earliest = candidate, since
		}
	}
	return found
}

// closeOne closes a connection that is idle or slow, and reports whether there was one.
func (c *Connections) closeOne() bool {
	c.mutex.Lock()
	found := c.evict()
	c.mutex.Unlock()
	if found == nil {
		return false
	}
	_ = found.Close()
	return true
}

// forget takes a connection out of the count.
func (c *Connections) forget(ended *connection) {
	if ended.use.Swap(closed) == closed {
		return
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	delete(c.open, ended)
}

// follow follows what net/http says of a connection. One is active when the head of a request has
// been read. It stays slow until a handler calls markWorking.
func follow(c *connection, state http.ConnState) {
	switch state {
	case http.StateIdle:
		c.turn(idle)
	case http.StateActive:
		c.turn(slow)
	case http.StateHijacked, http.StateClosed:
		c.limit.forget(c)
	case http.StateNew:
	}
}

// markWorking keeps the connection of a request from being closed, until markSlow is called. It is
// for what must not be cut off. Writing the answer is not: a client that does not read it would keep
// its place.
func markWorking(ctx context.Context) { turnTo(ctx, working) }

// markSlow lets the connection of a request be closed again, from a moment later on.
func markSlow(ctx context.Context) { turnTo(ctx, slow) }

func turnTo(ctx context.Context, use int32) {
	if request, ok := ctx.Value(requestKey{}).(*request); ok && request.connection != nil {
		request.connection.turn(use)
	}
}

// refusal503 is the answer to a connection that there is no room for.
const refusal503 = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\n" +
	"Cache-Control: no-store\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n\r\nbusy\n"

// refuse answers a connection without reading its request, and closes it. Where many others are
// being refused it is closed at once, and may lose the answer.
func (c *Connections) refuse(socket net.Conn) {
	const patience = 200 * time.Millisecond
	c.mutex.Lock()
	mayLinger := c.refusing < c.mostRefusals()
	if mayLinger {
		c.refusing++
	}
	c.mutex.Unlock()

	_ = socket.SetDeadline(time.Now().Add(patience)) //nolint:forbidigo // as above
	_, _ = io.WriteString(socket, refusal503)
	if !mayLinger {
		_ = socket.Close()
		return
	}
	go func() {
		if err := safely.Do(func() error { return linger(socket) }); err != nil {
			c.log.Error("panic", "cause", err)
		}
		c.mutex.Lock()
		defer c.mutex.Unlock()
		c.refusing--
	}()
}

// linger reads what is still sent on a connection, and closes it. Closed at once, it would lose our
// answer with the request that is still to come.
func linger(socket net.Conn) error {
	const longest = 64 << 10
	if half, ok := socket.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(socket, longest))
	_ = socket.Close()
	return nil
}
