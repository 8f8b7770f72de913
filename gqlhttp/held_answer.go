package gqlhttp

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/authtickets/authtickets/inbound"
)

// holdAnswer reports whether the answer is delayed or dropped.
func (f faults) holdAnswer() bool { return f.drop || f.delay > 0 }

// heldAnswer keeps an answer until it is sent.
type heldAnswer struct {
	http.ResponseWriter

	status int
	body   bytes.Buffer
}

// WriteHeader implements http.ResponseWriter.
func (h *heldAnswer) WriteHeader(status int) { h.status = status }

// Write implements http.ResponseWriter.
func (h *heldAnswer) Write(content []byte) (int, error) { return h.body.Write(content) }

// release sends an answer after its delay. If the answer is to be dropped, it closes the connection
// instead.
func (e *Endpoint) release(ctx context.Context, held *heldAnswer, injected faults) {
	defer inbound.Hold(ctx)()
	select {
	case <-time.After(injected.delay):
	case <-inbound.Gone(ctx):
	}

	if !injected.drop {
		held.ResponseWriter.WriteHeader(held.status)
		_, _ = held.ResponseWriter.Write(held.body.Bytes())
		return
	}

	connection, _, err := http.NewResponseController(held.ResponseWriter).Hijack()
	if err == nil {
		err = connection.Close()
	}
	if err != nil {
		e.settings.Log.ErrorContext(ctx, "answer not dropped", "error", err)
	}
}
