package program_test

import (
	"testing"

	"github.com/authtickets/authtickets/storage/storagetest"
)

// If a wrong password cannot be counted, the answer does not reveal that it is wrong, whether or
// not the name exists. The client can try again.
func TestGuessThatCannotBeCounted(t *testing.T) {
	t.Parallel()

	storagetest.Each(t, func(t *testing.T, url string) {
		s := newSite(t, url)
		ada := s.customer("ada", rightPassword)
		server := s.start("--database-statement-wait=500ms", "--request-timeout=2s")
		release := s.hold()

		for _, name := range []string{"ada", "nobody"} {
			if got := server.ask(signInOperation(name, "wrong", "")); got.Code() != "TRY_AGAIN" {
				t.Errorf("%s: %s", name, got.Text)
			}
		}

		release()
		for _, name := range []string{"ada", "nobody"} {
			expect(t, server.ask(signInOperation(name, "wrong", "")), "INVALID_CREDENTIALS")
		}

		if counted := s.number("SELECT COUNT(*) FROM name_guesses WHERE user_id = ?", ada.UserID); counted != 1 {
			t.Errorf("%d sources are counted", counted)
		}
	})
}
