package inbound

import (
	"net"
	"net/http"
	"sync/atomic"
)

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

// The uses of a connection.
const (
	slow    int32 = iota // the client sends a request or receives an answer
	idle                 // the server waits for the next request
	working              // the server works on a request
	closed               // the connection is no longer counted
)

// turn changes the use of a connection. A closed one stays closed.
func (c *connection) turn(use int32) {
	was := c.use.Load()
	if was == use || was == closed {
		return
	}

	c.since.Store(int64(c.limit.clock()))
	c.use.CompareAndSwap(was, use) // fails if it was closed meanwhile
}

// Close implements net.Conn.
func (c *connection) Close() error {
	c.limit.forget(c)
	return c.Conn.Close()
}

// CloseWrite closes the sending side. net/http calls it when it has not read all of a request, so
// that the client can still read the answer.
func (c *connection) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// follow notes a state that net/http reports. A connection becomes active when the head of a
// request has been read. It stays slow until a handler calls Hold.
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
