package program_test

import (
	"io"
	"testing"
	"time"

	"github.com/authtickets/authtickets/storage/storagetest"
)

// A client that never completes the body of a request for a resource of Kibo's is cut off, like
// every other slow client.
func TestSlowKiboClients(t *testing.T) {
	t.Parallel()

	s := newSite(t, storagetest.SQLite(t))
	server := s.start("--kibo")

	begin := time.Now()
	ended := make(chan string)
	slow := map[string]string{
		"sign-in": "POST " + kiboShoppers, "refresh": "PUT " + kiboShoppers + "/refresh/",
		"refresh, with a token in the URL": "PUT " + kiboShoppers + "/refresh?refreshToken=x",
		"an application's ticket":          "POST " + kiboApplications + "/oauth",
		"its renewal":                      "PUT " + kiboApplications + "/refresh-ticket/",
	}
	for name, line := range slow {
		connection := server.dial()
		_, err := io.WriteString(connection, line+" HTTP/1.1\r\nHost: x\r\n"+
			"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
		must(t, err)
		go func() {
			_, _ = io.Copy(io.Discard, connection)
			ended <- name
		}()
	}

	for range slow {
		name := <-ended
		if took := time.Since(begin); took > 20*time.Second {
			t.Errorf("%s: cut off after %s", name, took)
		}
	}
	server.anonymous()
}
