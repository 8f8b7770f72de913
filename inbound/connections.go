package inbound

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Connections limits the number of connections. At the limit, a new connection replaces the one
// that has been idle for longest. If none is idle, it replaces the one that has taken longest to
// send a request or to receive an answer. An operation is never cut off, and each connection has a
// moment to send its request. If no connection can be closed, the new one gets a 503.
//
// The limit of x/net/netutil makes new connections wait instead. Then idle connections could lock
// everyone out.
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
	begun := time.Now() //nolint:forbidigo // sockets need real time
	return &Connections{most: most, log: log, begun: begun, open: map[*connection]struct{}{}}
}

func (c *Connections) clock() time.Duration { return time.Since(c.begun) } //nolint:forbidigo // as above

// refusalShare divides the limit: beyond it, a quarter as many connections may stay open while they
// are being refused.
const refusalShare = 4

func (c *Connections) mostRefusals() int { return max(1, c.most/refusalShare) }

// Listen returns a listener whose connections are counted. Call Follow with the server that uses
// it.
func (c *Connections) Listen(listener net.Listener) net.Listener {
	return &limitedListener{listener, c}
}

// Follow makes a server report what its connections do.
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

// admit counts a new connection. At the limit it closes another one. If none can be closed, it
// refuses the new one and returns nil.
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

// boundUnread bounds the buffer for answers that a client does not read. By default it can grow to
// 4 MiB for each connection on Linux, and counts as memory of the container.
func boundUnread(socket net.Conn) {
	const most = 64 << 10 // Linux doubles it
	if buffered, ok := socket.(interface{ SetWriteBuffer(bytes int) error }); ok {
		_ = buffered.SetWriteBuffer(most)
	}
}

// collectGarbage frees the memory of closed connections from time to time. The server lets garbage
// grow to save time. Without this call, clients that come and go could take several times the
// memory of those that are connected.
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
		c.log.Warn("connection limit reached: idle or slow connections are closed, see --connection-limit",
			"limit", c.most)
	}
}

// graceToSend is how long each connection may take to send a request or to receive an answer, even
// if many others come.
const graceToSend = 100 * time.Millisecond

// evict finds a connection that can be closed, stops counting it, and returns it. The caller closes
// it. If there is none, evict returns nil.
func (c *Connections) evict() *connection {
	for {
		found, use := c.longestReplaceable()
		if found == nil {
			return nil
		}
		if found.use.CompareAndSwap(use, closed) { // fails if a request has begun
			delete(c.open, found)
			return found
		}
	}
}

// longestReplaceable returns the connection that has been idle for longest. If none is idle, it
// returns the one that has been slow for longest, or nil.
func (c *Connections) longestReplaceable() (found *connection, use int32) {
	if found = c.longest(idle, 0); found != nil {
		return found, idle
	}
	return c.longest(slow, graceToSend), slow
}

// longest returns the connection that has had a use for longest, and at least for the duration
// least.
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

// forget removes a connection from the count.
func (c *Connections) forget(ended *connection) {
	if ended.use.Swap(closed) == closed {
		return
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	delete(c.open, ended)
}
