package gqlhttp

import (
	"net/http"
	"strings"
	"testing"
)

func TestNeedsPreflight(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"Authorization: Bearer x":        true,
		"Authorization: Bearer":          true,
		"X-Vol-User-Claims: x":           true,
		"X-Application: shop":            true,
		"Apollo-Require-Preflight: x":    true,
		"X-Apollo-Operation-Name: x":     true,
		"Content-Type: application/json": true,
		"Authorization:":                 false,
		"Authorization: Basic eDp5":      false,
		"Authorization: negotiate x":     false,
		"X-Application:":                 false,
		"X-Vol-User-Claims:":             false,
		"Content-Type: text/plain":       false,
		"Accept: application/json":       false,
	} {
		key, value, _ := strings.Cut(name, ":")
		if got := needsPreflight(http.Header{key: {strings.TrimSpace(value)}}); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
