package shoppers

import (
	"net/http"
	"testing"
	"time"
)

func TestRead(t *testing.T) {
	t.Parallel()

	refusal := func(reason, next, more string) string {
		return `{"data":null,"errors":[{"extensions":` +
			`{"reason":"` + reason + `","nextStep":"` + next + `"` + more + `}}]}`
	}
	for name, test := range map[string]struct {
		status int
		text   string
		want   answer
	}{
		"succeeded": {http.StatusOK, `{"data":{"refreshTicket":{}}}`, answer{outcome: succeeded}},
		"refused": {
			http.StatusOK, refusal("SIGNED_OUT", "SIGN_IN", ""), answer{outcome: refused, reason: "SIGNED_OUT"},
		},
		"mustRefresh": {
			http.StatusOK, refusal("TOKEN_EXPIRED", "REFRESH", ""),
			answer{outcome: mustRefresh, reason: "TOKEN_EXPIRED"},
		},
		"busy": {
			http.StatusOK, refusal("BUSY", "WAIT", `,"retryAfterSeconds":2`),
			answer{outcome: busy, reason: "BUSY", wait: 2 * time.Second},
		},
		"timedOut": {
			http.StatusOK, refusal("TIMED_OUT", "WAIT", `,"retryAfterSeconds":1`),
			answer{outcome: timedOut, reason: "TIMED_OUT", wait: time.Second},
		},
		"unexpected: no time to wait": {
			http.StatusOK, refusal("BUSY", "WAIT", ""), answer{outcome: unexpected, wait: time.Second},
		},
		"unexpected: internal": {
			http.StatusOK, refusal("INTERNAL", "WAIT", `,"retryAfterSeconds":1`),
			answer{outcome: unexpected, wait: time.Second},
		},
		"unexpected: wrong password": {
			http.StatusOK, refusal("INVALID_CREDENTIALS", "FIX_INPUT", ""),
			answer{outcome: unexpected, wait: time.Second},
		},
		"unexpected: status": {
			http.StatusBadGateway, `{"data":{"a":1}}`, answer{outcome: unexpected, wait: time.Second},
		},
		"unexpected: no JSON": {http.StatusOK, `<html>`, answer{outcome: unexpected, wait: time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := New(Settings{Devices: 1}).read(request{}, test.status, []byte(test.text))
			if got.outcome != test.want.outcome || got.reason != test.want.reason || got.wait != test.want.wait {
				t.Errorf("want %+v, got %+v", test.want, got)
			}
		})
	}
}
