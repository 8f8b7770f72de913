// Package wire is a proxy between a program and its MySQL server. It sees each statement, and can
// count it, change it, or send it to a replica, like proxies that split reads and writes.
package wire

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
)

// Settings configure a Proxy.
type Settings struct {
	// Primary is the address of the server. Required.
	Primary string
	// Replica is the address of a second server, to which ToReplica sends statements. It may be
	// empty. Users of both servers must have no password, because both handshakes are answered with
	// the same bytes.
	Replica string
	// ToReplica reports whether the replica runs a statement. If it is nil, the primary runs all.
	// The primary always runs what is inside a transaction. Statements that set something for the
	// connection go to both.
	ToReplica func(statement string) bool
	// OnReplica returns the statement that runs on the replica in place of the given one. Nil
	// changes nothing.
	OnReplica func(statement string) string
	// Rewrite returns the statement that runs in place of the given one. Nil changes nothing. It is
	// called once for each statement.
	Rewrite func(statement string) string
}

// Proxy is a listening proxy.
type Proxy struct {
	settings Settings
	listener net.Listener

	mutex       sync.Mutex
	connections map[net.Conn]bool
}

// comQuery is the command of MySQL's protocol that contains a statement.
const comQuery = 0x03

// longestPacket is the largest payload of one packet. A longer statement takes several packets.
// Only its first packet is recognized and rewritten, so the proxy is not for such statements.
const longestPacket = 1<<24 - 1

// Listen starts a proxy on a free port of 127.0.0.1. It listens until ctx ends or Close is called.
func Listen(ctx context.Context, settings Settings) (*Proxy, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}

	p := &Proxy{settings: settings, listener: listener, connections: map[net.Conn]bool{}}

	context.AfterFunc(ctx, p.Close)
	go p.accept(ctx)
	return p, nil
}

// Address is the address of the proxy.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Close ends the proxy and all its connections.
func (p *Proxy) Close() {
	_ = p.listener.Close()
	p.Cut()
}

// Cut ends all connections. New ones can be made.
func (p *Proxy) Cut() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for connection := range p.connections {
		_ = connection.Close()
	}
}

func (p *Proxy) accept(ctx context.Context) {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}

		go p.serve(ctx, client)
	}
}

// keep remembers a connection so that Close ends it. The returned function closes and forgets it.
func (p *Proxy) keep(connection net.Conn) func() {
	p.mutex.Lock()
	defer p.mutex.Unlock()

	p.connections[connection] = true

	return func() {
		_ = connection.Close()
		p.mutex.Lock()
		defer p.mutex.Unlock()
		delete(p.connections, connection)
	}
}

func (p *Proxy) serve(ctx context.Context, client net.Conn) {
	defer p.keep(client)()

	primary, err := (&net.Dialer{}).DialContext(ctx, "tcp", p.settings.Primary)
	if err != nil {
		return
	}
	defer p.keep(primary)()

	if p.settings.Replica == "" {
		p.forward(client, primary)
		return
	}

	replica, err := (&net.Dialer{}).DialContext(ctx, "tcp", p.settings.Replica)
	if err != nil {
		return
	}
	defer p.keep(replica)()

	_ = p.split(client, primary, replica)
}

// forward copies everything to and from one server. Answers and statements may flow at the same
// time.
func (p *Proxy) forward(client, server net.Conn) {
	go func() {
		_, _ = io.Copy(client, server)
		_ = client.Close()
	}()
	defer server.Close() //nolint:errcheck // the other direction notices

	for {
		packet, err := readPacket(client)
		if err != nil {
			return
		}
		if _, err := server.Write(p.rewritten(packet)); err != nil {
			return
		}
	}
}

// rewritten returns a packet with the statement to run in place of the one in the given packet.
func (p *Proxy) rewritten(packet []byte) []byte {
	statement, ok := statementOf(packet)
	if !ok || p.settings.Rewrite == nil {
		return packet
	}
	return packetOf(packet[3], append([]byte{comQuery}, p.settings.Rewrite(statement)...))
}

// statementOf returns the statement in a packet, if it has one.
func statementOf(packet []byte) (string, bool) {
	const head = 4
	if len(packet) <= head || packet[3] != 0 || packet[head] != comQuery {
		return "", false
	}
	return string(packet[head+1:]), true
}

func packetOf(sequence byte, payload []byte) []byte {
	packet := make([]byte, 4, 4+len(payload))
	binary.LittleEndian.PutUint32(packet, uint32(len(payload)))
	packet[3] = sequence
	return append(packet, payload...)
}

func readPacket(from io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(from, head[:]); err != nil {
		return nil, err
	}

	size := binary.LittleEndian.Uint32(head[:]) & longestPacket
	packet := append(head[:], make([]byte, size)...)
	_, err := io.ReadFull(from, packet[len(head):])
	return packet, err
}

var errHandshake = errors.New("the servers did not accept the same handshake")

// split sends each statement to its server, and waits for the whole answer.
func (p *Proxy) split(client, primary, replica net.Conn) error {
	ends, err := shakeHands(client, primary, replica)
	if err != nil {
		return err
	}

	inTransaction := false
	for {
		packet, err := readPacket(client)
		if err != nil {
			return err
		}

		statement, isStatement := statementOf(packet)
		packet = p.rewritten(packet)

		server := primary
		switch {
		case statement == "START TRANSACTION", statement == "COMMIT", statement == "ROLLBACK":
			inTransaction = statement == "START TRANSACTION"
		case inTransaction:
		case isStatement && isSetting(statement):
			if err := run(io.Discard, replica, p.onReplica(packet), ends); err != nil {
				return err
			}
		case isStatement && p.settings.ToReplica != nil && p.settings.ToReplica(statement):
			server, packet = replica, p.onReplica(packet)
		}

		if err := run(client, server, packet, ends); err != nil {
			return err
		}
	}
}

// onReplica is like rewritten, but only for the replica.
func (p *Proxy) onReplica(packet []byte) []byte {
	statement, ok := statementOf(packet)
	if !ok || p.settings.OnReplica == nil {
		return packet
	}
	return packetOf(packet[3], append([]byte{comQuery}, p.settings.OnReplica(statement)...))
}

// isSetting reports whether a statement sets something for its connection.
func isSetting(statement string) bool {
	return strings.HasPrefix(statement, "SET ") && !strings.HasPrefix(statement, "SET STATEMENT")
}

// shakeHands completes the handshake of both servers with the client's answer to the first. It
// returns how many packets end a part of a result set on the connection.
func shakeHands(client, primary, replica net.Conn) (ends int, err error) {
	if _, err := copyPacket(client, primary); err != nil {
		return 0, err
	}
	if _, err := readPacket(replica); err != nil {
		return 0, err
	}

	answer, err := readPacket(client)
	if err != nil {
		return 0, err
	}

	results := make([][]byte, 2)
	for i, server := range []net.Conn{primary, replica} {
		if _, err := server.Write(answer); err != nil {
			return 0, err
		}
		if results[i], err = readPacket(server); err != nil {
			return 0, err
		}
		if kindOf(results[i]) != okPacket {
			return 0, errHandshake
		}
	}

	_, err = client.Write(results[0])
	return endsOf(answer), err
}
