package inbound

import (
	"io"
	"net"
	"time"

	"github.com/authtickets/authtickets/safely"
)

// refusal503 answers a connection when there is no room for it.
const refusal503 = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\n" +
	"Cache-Control: no-store\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n\r\nbusy\n"

// refuse answers a connection without reading its request, and closes it. If many others are being
// refused, it closes the connection at once, and the client may not see the answer.
func (c *Connections) refuse(socket net.Conn) {
	const patience = 200 * time.Millisecond
	c.mutex.Lock()
	mayLinger := c.refusing < c.mostRefusals()
	if mayLinger {
		c.refusing++
	}
	c.mutex.Unlock()

	_ = socket.SetDeadline(time.Now().Add(patience)) //nolint:forbidigo // sockets need real time
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

// linger reads what the client still sends, and then closes the connection. If it closed the
// connection at once, the rest of the request could make the system drop the answer.
func linger(socket net.Conn) error {
	const longest = 64 << 10
	if half, ok := socket.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}

	_, _ = io.Copy(io.Discard, io.LimitReader(socket, longest))
	_ = socket.Close()
	return nil
}
