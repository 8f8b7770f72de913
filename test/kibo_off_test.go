package test_test

import (
	"net/http"
	"testing"
)

// Without --kibo, pages get the answers that they got before the server knew Kibo's clients.
func TestPagesWithoutKibo(t *testing.T) {
	t.Parallel()

	o := open(t, sqlite(t))
	if got := o.preflight(shopOrigin, http.MethodPost, "x-vol-app-claims"); !isAllowed(got) {
		t.Errorf("%v", got)
	}
	got := o.post(`{ __typename }`, nil, "Origin", shopOrigin)
	if exposed := got.Header.Get("Access-Control-Expose-Headers"); exposed != "X-Request-Id" {
		t.Errorf("a page may read %q", exposed)
	}
	if got.Header["X-Vol-Correlation"] != nil {
		t.Errorf("%v", got.Header)
	}
}
