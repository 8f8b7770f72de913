package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPlaygroundGzipAndIdentityAreTheSame(t *testing.T) {
	t.Parallel()

	for _, name := range []string{
		"graphiql.min.js", "graphiql.min.css", "react.production.min.js", "react-dom.production.min.js", "licences.txt",
	} {
		plain := askPlayground(t, http.MethodGet, "/playground/"+name, nil)
		accept := http.Header{"Accept-Encoding": {"br, gzip;q=0.5"}}
		packed := askPlayground(t, http.MethodGet, "/playground/"+name, accept)
		if got := plain.Header.Get("Content-Encoding"); got != "" {
			t.Errorf("%s: Content-Encoding of the plain answer = %q", name, got)
		}

		if got := packed.Header.Get("Content-Encoding"); got != "gzip" {
			t.Errorf("%s: Content-Encoding of the packed answer = %q, want gzip", name, got)
		}

		for _, answer := range []*http.Response{plain, packed} {
			if got := answer.Header.Get("Vary"); got != "Accept-Encoding" {
				t.Errorf("%s: Vary = %q, want Accept-Encoding", name, got)
			}
		}

		reader, err := gzip.NewReader(packed.Body)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}

		unpacked, err := io.ReadAll(reader)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if string(unpacked) != contentOf(t, plain) {
			t.Errorf("%s: the unpacked answer differs from the plain one", name)
		}
	}
}

func TestAcceptsGzip(t *testing.T) {
	t.Parallel()

	for offer, want := range map[string]bool{
		"":                     false,
		"gzip":                 true,
		"GZIP":                 true,
		"deflate, gzip, br":    true,
		"gzip;q=1.0, *;q=0":    true,
		"br;q=1.0, gzip;q=0.1": true,
		"gzip;q=0":             false,
		"gzip ; q=0.000":       false,
		"gzip;q=high":          false,
		"identity":             false,
		"x-gzip-like":          false,
	} {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		request.Header.Set("Accept-Encoding", offer)
		if got := acceptsGzip(request); got != want {
			t.Errorf("acceptsGzip(%q) = %t, want %t", offer, got, want)
		}
	}
}

func TestPlaygroundHeader(t *testing.T) {
	t.Parallel()

	for _, target := range []string{"/", "/playground/app.js", "/playground/graphiql.min.js", "/playground/nothing"} {
		header := askPlayground(t, http.MethodGet, target, nil).Header
		got := map[string]string{}
		for _, name := range []string{"Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy"} {
			got[name] = header.Get(name)
		}

		want := map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; " +
				"style-src 'self' 'sha256-nzTgYzXYDNe6BAHiiI7NNlfK8n/auuOAhh2t92YvuXo='; " +
				"connect-src 'self'; img-src 'self' data:; font-src 'self' data:; " +
				"base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
			"X-Content-Type-Options": "nosniff",
			"Referrer-Policy":        "no-referrer",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: header (-want +got):\n%s", target, diff)
		}
	}
}

func TestPlaygroundIsRevalidated(t *testing.T) {
	t.Parallel()

	targets := []string{"/", "/playground/app.js", "/playground/guide.json", "/playground/graphiql.min.js"}
	for _, target := range targets {
		first := askPlayground(t, http.MethodGet, target, http.Header{"Accept-Encoding": {"gzip"}})
		etag := first.Header.Get("ETag")
		if etag == "" || first.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: ETag = %q, Cache-Control = %q", target, etag, first.Header.Get("Cache-Control"))
		}

		known := http.Header{"Accept-Encoding": {"gzip"}, "If-None-Match": {etag}}
		again := askPlayground(t, http.MethodGet, target, known)
		if again.StatusCode != http.StatusNotModified || contentOf(t, again) != "" {
			t.Errorf("%s: status %d for the same ETag, want 304 and no body", target, again.StatusCode)
		}

		other := askPlayground(t, http.MethodGet, target, http.Header{"If-None-Match": {`W/"of-an-older-version"`}})
		if other.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d for another ETag, want %d", target, other.StatusCode, http.StatusOK)
		}
	}
}

func TestPlaygroundMethodsAndPaths(t *testing.T) {
	t.Parallel()

	for _, test := range []struct {
		method, target string
		want           int
	}{
		{http.MethodHead, "/", http.StatusOK},
		{http.MethodHead, "/playground/graphiql.min.js", http.StatusOK},
		{http.MethodPost, "/", http.StatusMethodNotAllowed},
		{http.MethodDelete, "/playground/app.js", http.StatusMethodNotAllowed},
		{http.MethodPost, "/playground/guide.json", http.StatusMethodNotAllowed},
		{http.MethodGet, "/playground/..%2Fplayground.go", http.StatusNotFound},
		{http.MethodGet, "/playground/", http.StatusNotFound},
		{http.MethodGet, "/playground/index.html", http.StatusNotFound},
		{http.MethodGet, "/playground/graphiql.min.js.gz", http.StatusNotFound},
		{http.MethodGet, "/playground/update", http.StatusNotFound},
		{http.MethodGet, "/playground/README.md", http.StatusNotFound},
		{http.MethodGet, "/nothing", http.StatusNotFound},
	} {
		answer := askPlayground(t, test.method, test.target, nil)
		if answer.StatusCode != test.want {
			t.Errorf("%s %s: status %d, want %d", test.method, test.target, answer.StatusCode, test.want)
		}
		if test.method == http.MethodHead && contentOf(t, answer) != "" {
			t.Errorf("HEAD %s has a body", test.target)
		}
		if test.want == http.StatusMethodNotAllowed && answer.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s %s: Allow = %q", test.method, test.target, answer.Header.Get("Allow"))
		}
	}
}
