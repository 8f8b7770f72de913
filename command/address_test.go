package command_test

import (
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/authtickets/authtickets/command"
)

// A server can end its answer on a socket, and still read what the client continues to send.
func TestSocketsCanBeHalfClosed(t *testing.T) {
	t.Parallel()

	address := command.Address{Listen: "unix:" + filepath.Join(t.TempDir(), "socket")}
	listener, err := address.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = listener.Close() })
	client, err := address.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = client.Close() })
	served, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = served.Close() })
	for _, side := range []net.Conn{client, served} {
		_ = side.SetDeadline(time.Now().Add(5 * time.Second))
	}

	half, ok := served.(interface{ CloseWrite() error })
	if !ok {
		t.Fatal("the connection cannot be half closed")
	}
	if _, err := io.WriteString(served, "refused"); err != nil {
		t.Fatal(err)
	}
	if err := half.CloseWrite(); err != nil {
		t.Fatal(err)
	}

	if got, err := io.ReadAll(client); string(got) != "refused" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := io.WriteString(client, "more"); err != nil {
		t.Errorf("the client can send no more: %v", err)
	}
}

// A socket needs a path that does not depend on the folder in which the server starts.
func TestAddressOfASocket(t *testing.T) {
	t.Parallel()
	for listen, isGood := range map[string]bool{
		"unix:/run/tickets.sock": true, "unix:tickets.sock": false, "unix:tickets.sock:80": false, "unix:": false,
		"127.0.0.1:8080": true, ":8080": true, "8080": false,
	} {
		if err := (&command.Address{Listen: listen}).Check(); (err == nil) != isGood {
			t.Errorf("%s: %v", listen, err)
		}
	}
}
