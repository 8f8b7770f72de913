package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strings"
)

// Address is where the server listens.
type Address struct {
	Listen string `group:"Server:" default:"127.0.0.1:8080" help:"Address to listen on, or unix:/path for a socket."`
}

var (
	errListen = errors.New("--listen: must be an address and a port, e.g. 127.0.0.1:8080, or unix:/path")
	errInUse  = errors.New("--listen: another process listens on the socket")
)

// Socket returns the path of the socket, or an empty text for a network address.
func (a *Address) Socket() string {
	path, _ := strings.CutPrefix(a.Listen, "unix:")
	if path == a.Listen {
		return ""
	}
	return path
}

// Check returns an error if the server cannot listen there.
func (a *Address) Check() error {
	if path, isSocket := strings.CutPrefix(a.Listen, "unix:"); isSocket {
		if !strings.HasPrefix(path, "/") {
			return errListen
		}
		return nil
	}
	if _, _, err := net.SplitHostPort(a.Listen); err != nil {
		return errListen
	}
	return nil
}

// IsLocal reports whether only this machine can reach the server.
func (a *Address) IsLocal() bool {
	host, _, err := net.SplitHostPort(a.Listen)
	if err != nil {
		return a.Socket() != ""
	}

	address, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && address.IsLoopback())
}

// Open listens. It replaces a socket that a killed process left behind. Every user who can enter
// the folder of the socket can connect to it.
func (a *Address) Open(ctx context.Context) (net.Listener, error) {
	path := a.Socket()
	if path == "" {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", a.Listen)
		if err != nil {
			return nil, fmt.Errorf("--listen: %w", err)
		}
		return listener, nil
	}

	if err := removeStale(ctx, path); err != nil {
		return nil, err
	}

	listener, err := (&net.ListenConfig{}).Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("--listen: %w", err)
	}
	if err := os.Chmod(path, 0o666); err != nil { //nolint:gosec // as reachable as a port of this machine
		return nil, errors.Join(fmt.Errorf("--listen: %w", err), listener.Close())
	}

	return local{listener}, nil
}

// removeStale removes a socket on which nobody listens. It leaves any other file alone.
func removeStale(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Type() != fs.ModeSocket {
		return nil //nolint:nilerr // if something is wrong, listening reports it
	}

	connection, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	if err == nil {
		return errors.Join(errInUse, connection.Close())
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("--listen: %w", err)
	}

	return nil
}

// Dial connects to the server that listens there.
func (a *Address) Dial(ctx context.Context) (net.Conn, error) {
	if path := a.Socket(); path != "" {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}

	host, port, err := net.SplitHostPort(a.Listen)
	if err != nil {
		return nil, errListen
	}
	if address, err := netip.ParseAddr(host); host == "" || (err == nil && address.IsUnspecified()) {
		host = "127.0.0.1"
	}

	return (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(host, port))
}

// local is the listener of a socket. Its connections have no address, so they count as coming from
// 127.0.0.1. A proxy there must be trusted like any other, with --trusted-proxies.
type local struct{ net.Listener }

// Accept implements net.Listener.
func (l local) Accept() (net.Conn, error) {
	connection, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return localConnection{connection}, nil
}

type localConnection struct{ net.Conn }

// RemoteAddr implements net.Conn.
func (localConnection) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// CloseWrite closes the sending side. net/http calls it when it has not read all of a request, so
// that the client can still read the answer.
func (c localConnection) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
