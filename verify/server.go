package verify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// timeout limits a request to the server, including the time to read the answer.
	timeout = 3 * time.Second

	// maxConnections leaves room for the requests for keys and for revoked tickets, besides the
	// introspections.
	maxConnections = maxIntrospecting + 2

	// The following limit an answer, in bytes. A key takes 200 bytes, and a revoked ticket 63. So a
	// list has room for a quarter of a million revoked tickets.
	maxKeys          = 64 << 10
	maxFeed          = 16 << 20
	maxIntrospection = 64 << 10
)

// server sends requests to the authtickets server.
type server struct {
	client      *http.Client
	address     string // without a slash at its end
	application string
	secret      func() string
}

func newServer(settings Settings) *server {
	client := http.Client{}
	if settings.Client != nil {
		client = *settings.Client
	} else if transport, ok := http.DefaultTransport.(*http.Transport); ok {
		own := transport.Clone()
		own.MaxConnsPerHost, own.MaxIdleConnsPerHost = maxConnections, maxConnections // there is only one host
		client.Transport = own
	}

	// Keys must come from the configured server, not from an address to which it redirects.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &server{&client, strings.TrimSuffix(settings.Server, "/"), settings.Application, settings.Secret}
}

// keys fetches the public keys as a JWK set.
func (s *server) keys(ctx context.Context) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.address+"/.well-known/jwks.json", http.NoBody)
	if err != nil {
		return nil, err
	}

	answer, err := s.send(request, maxKeys)
	return answer.body, err
}

// feed fetches the list of revoked tickets and its ETag. The body is nil if etag is still current.
func (s *server) feed(ctx context.Context, etag string) (body []byte, newETag string, err error) {
	request, err := http.NewRequestWithContext(
		ctx, http.MethodGet, s.address+"/.well-known/revoked-tickets", http.NoBody,
	)
	if err != nil {
		return nil, "", err
	}
	if etag != "" {
		request.Header.Set("If-None-Match", etag)
	}

	answer, err := s.send(request, maxFeed)
	if err != nil {
		return nil, "", err
	}

	return answer.body, answer.etag, nil
}

// introspect asks whether an opaque token is active (RFC 7662). It authenticates as the application
// (RFC 6749 section 2.3.1).
func (s *server) introspect(ctx context.Context, token string) ([]byte, error) {
	form := url.Values{"token": {token}}.Encode()
	request, err := http.NewRequestWithContext(
		ctx, http.MethodPost, s.address+"/oauth/introspect", strings.NewReader(form),
	)
	if err != nil {
		return nil, err
	}

	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	request.SetBasicAuth(url.QueryEscape(s.application), url.QueryEscape(s.secret()))
	answer, err := s.send(request, maxIntrospection)
	return answer.body, err
}

type answer struct {
	body []byte // nil if the status is 304
	etag string
}

var errTooLong = errors.New("the answer is too long")

// send returns the answer to a request. Its errors can name the address, but quote nothing else of
// the request or the answer.
func (s *server) send(request *http.Request, most int64) (answer, error) {
	ctx, cancel := context.WithTimeout(request.Context(), timeout)
	defer cancel()

	response, err := s.client.Do(request.WithContext(ctx))
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()

	switch {
	case response.StatusCode == http.StatusNotModified && request.Header.Get("If-None-Match") != "":
		return answer{etag: request.Header.Get("If-None-Match")}, nil
	case response.StatusCode != http.StatusOK:
		return answer{}, fmt.Errorf("%s answers %d", request.URL.Path, response.StatusCode)
	case response.ContentLength > most:
		return answer{}, errTooLong
	}

	body, err := io.ReadAll(io.LimitReader(response.Body, most+1))
	switch {
	case err != nil:
		return answer{}, fmt.Errorf("%s: %w", request.URL.Path, err)
	case int64(len(body)) > most:
		return answer{}, errTooLong
	}

	return answer{body, response.Header.Get("ETag")}, nil
}
