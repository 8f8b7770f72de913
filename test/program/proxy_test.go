package program_test

import (
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// proxy is between the server and MySQL, and fails like networks and database servers.
type proxy struct {
	t        testing.TB
	address  string
	upstream string
	url      string // the database behind the proxy

	mutex   sync.Mutex
	stalled bool
	resets  bool
	delay   time.Duration
	// loses is part of the statement whose answer is lost, once.
	loses      string
	lost       chan struct{}
	stallsThen bool
	listener   net.Listener
	links      map[*link]bool
	unstalled  *sync.Cond
}

// link is one connection through the proxy.
type link struct {
	proxy            *proxy
	client, upstream *net.TCPConn
	losing           bool
}

// newProxy returns a proxy for the server of a DSN. It does not listen yet.
func newProxy(t testing.TB, dsn string) *proxy {
	t.Helper()
	config, err := mysql.ParseDSN(dsn)
	must(t, err)
	p := &proxy{t: t, address: quietAddress(t), upstream: config.Addr, links: map[*link]bool{}}
	p.unstalled = sync.NewCond(&p.mutex)
	config.Addr = p.address
	p.url = config.FormatDSN()
	t.Cleanup(func() {
		p.passes()
		if p.listener != nil {
			_ = p.listener.Close()
		}
		p.cut()
	})

	return p
}

// listen makes the proxy accept connections.
func (p *proxy) listen() {
	p.t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(p.t.Context(), "tcp", p.address)
	must(p.t, err)
	p.listener = listener
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}

			go p.serve(client.(*net.TCPConn))
		}
	}()
}

func (p *proxy) serve(client *net.TCPConn) {
	l := &link{proxy: p, client: client}
	if !l.waits() {
		reset(client)
		return
	}

	upstream, err := (&net.Dialer{}).DialContext(p.t.Context(), "tcp", p.upstream)
	if err != nil {
		reset(client)
		return
	}

	l.upstream = upstream.(*net.TCPConn)
	p.mutex.Lock()
	p.links[l] = true
	p.mutex.Unlock()
	var group sync.WaitGroup
	group.Go(func() { l.statements(); l.close() })
	group.Go(func() { l.answers(); l.close() })
	group.Wait()
	p.mutex.Lock()
	delete(p.links, l)
	p.mutex.Unlock()
}

// waits holds up its caller while the proxy stalls, and reports whether the connection continues.
func (l *link) waits() bool {
	p := l.proxy
	p.mutex.Lock()
	defer p.mutex.Unlock()

	if delay := p.delay; delay > 0 {
		p.mutex.Unlock()
		time.Sleep(delay)
		p.mutex.Lock()
	}

	for p.stalled {
		p.unstalled.Wait()
	}

	return !p.resets
}

// statements forwards the client's packets.
func (l *link) statements() {
	for {
		var head [4]byte
		if _, err := io.ReadFull(l.client, head[:]); err != nil {
			return
		}

		packet := append(head[:], make([]byte, binary.LittleEndian.Uint32(head[:])&0xffffff)...)
		if _, err := io.ReadFull(l.client, packet[4:]); err != nil {
			return
		}
		if !l.waits() {
			return
		}

		p := l.proxy
		p.mutex.Lock()
		if p.loses != "" && strings.Contains(string(packet[4:]), p.loses) {
			p.loses, l.losing = "", true
		}

		p.mutex.Unlock()
		if _, err := l.upstream.Write(packet); err != nil {
			return
		}
	}
}

// answers forwards the database's packets.
func (l *link) answers() {
	buffer := make([]byte, 16<<10)
	for {
		n, err := l.upstream.Read(buffer)
		if err != nil || !l.waits() {
			return
		}

		p := l.proxy
		p.mutex.Lock()
		losing := l.losing
		p.mutex.Unlock()
		if losing {
			p.set(func() { p.stalled = p.stallsThen })
			close(p.lost)
			l.waits()

			return
		}

		if _, err := l.client.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// close resets both connections, so that both ends notice at once.
func (l *link) close() {
	reset(l.client)
	_ = l.upstream.Close()
}

func reset(connection *net.TCPConn) {
	_ = connection.SetLinger(0)
	_ = connection.Close()
}

func (p *proxy) set(change func()) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	change()
	p.unstalled.Broadcast()
}

// passes ends every fault.
func (p *proxy) passes() {
	p.set(func() { p.stalled, p.resets, p.delay, p.loses = false, false, 0, "" })
}

// stalls holds everything back, like a stopped server, until passes is called.
func (p *proxy) stalls() { p.set(func() { p.stalled = true }) }

// slows delays everything.
func (p *proxy) slows(delay time.Duration) { p.set(func() { p.delay = delay }) }

// refuses resets every connection, old and new.
func (p *proxy) refuses() {
	p.set(func() { p.resets = true })
	p.cut()
}

// cut resets the existing connections.
func (p *proxy) cut() {
	p.set(func() {
		for l := range p.links {
			l.close()
		}
	})
}

// losesAnswer loses the answer to the next statement with these words, and its connection, after
// the database has carried it out. Then it closes the returned channel.
func (p *proxy) losesAnswer(words string) <-chan struct{} { return p.lose(words, false) }

// stallsBeforeAnswer is like losesAnswer, but also stops everything else.
func (p *proxy) stallsBeforeAnswer(words string) <-chan struct{} { return p.lose(words, true) }

func (p *proxy) lose(words string, stallsThen bool) <-chan struct{} {
	lost := make(chan struct{})
	p.set(func() { p.loses, p.lost, p.stallsThen = words, lost, stallsThen })
	return lost
}
