package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"

	"github.com/authtickets/authtickets/inbound"
)

// ready answers 200 if the server can answer operations. It answers 503 if the server is starting
// or draining, or cannot reach its database. The reason is only logged.
func ready(check func(context.Context) error, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		if err := askReady(r.Context(), check); err != nil {
			log.WarnContext(r.Context(), "not ready", "error", err)
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, "not ready\n")
			return
		}
		_, _ = io.WriteString(w, "ready\n")
	})
}

// askReady calls check and holds the connection meanwhile. Cutting off the query would cost a
// connection to the database.
func askReady(ctx context.Context, check func(context.Context) error) error {
	defer inbound.Hold(ctx)()
	return check(ctx)
}
