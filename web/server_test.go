package web_test

import (
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/authtickets/authtickets/web"
)

// A request that runs into its deadline still gets an answer. Its connection stays open for longer
// than any deadline.
func TestAnswersHaveTimeAfterTheDeadline(t *testing.T) {
	t.Parallel()
	for _, deadline := range []time.Duration{time.Second, 10 * time.Second, 30 * time.Second, 10 * time.Minute} {
		server := web.NewServer(http.NotFoundHandler(), deadline, slog.New(slog.DiscardHandler))
		if room := server.WriteTimeout - deadline; room < server.ReadTimeout || room > time.Minute {
			t.Errorf("%s: %s are left for the answer", deadline, room)
		}
	}
}
