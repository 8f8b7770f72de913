package program_test

import (
	"testing"
	"time"

	"github.com/authtickets/authtickets/storage/storagetest"
)

// A wrong password is answered before it is counted, so that no wait for the database tells a known name; and it is counted.
func TestWrongPasswordDoesNotWait(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		s := newSite(t, url)
		ada := s.customer("ada", rightPassword)
		server := s.start("--database-statement-wait=10s")
		release := s.hold()
		for _, name := range []string{"ada", "nobody"} {
			begin := time.Now()
			expect(t, server.ask(signInOperation(name, "wrong", "")), "INVALID_CREDENTIALS")
			if took := time.Since(begin); took > giveUp/2 {
				t.Errorf("%s: took %s", name, took)
			}
		}
		release()
		eventually(t, "the wrong password is counted", func() bool {
			return s.number("SELECT COUNT(*) FROM sign_in_failures WHERE account_id = ? AND failures = 1", *ada.ID) == 1
		})
	})
}
