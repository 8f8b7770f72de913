package verify

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Settings configure a Verifier.
type Settings struct {
	// Issuer must be equal to the server's setting of that name. A ticket must name it as its
	// issuer. Required. It is an https URL without query and fragment, or an http URL of this
	// machine (localhost, 127.0.0.1, [::1]).
	Issuer string
	// Audience is the name of this service. It must be among the audiences of a jwtAccessToken
	// (claim aud). Required. Opaque tokens name no audience.
	Audience string
	// Server is the URL at which this service reaches the server, for example an address inside a
	// cluster. Empty means Issuer. Anyone who can answer in the server's place can supply keys, so
	// use https or a network that you trust.
	Server string

	// Application is the id of a confidential application with the behavior tickets.introspect.
	// Secret returns its secret. It is called for each request, so that the secret can be rotated
	// while this service runs. A dump of the settings does not show the secret.
	//
	// Both are needed to verify opaque tokens. Without them, Verify returns ErrInvalid for an
	// opaque token. At most 64 requests run at a time. Further ones wait, and after 3 seconds
	// Verify returns ErrUnavailable.
	Application string
	Secret      func() string
	// IntrospectionAge is how long the server's answer about an active opaque token is used before
	// asking again. A token that is revoked without being in the list of revoked tickets stays
	// valid for up to this long. 0 means 5 seconds. The maximum is a minute. Answers about other
	// tokens are used for a second.
	IntrospectionAge time.Duration
	// MaxIntrospections is how many answers are kept, for active and for other tokens each. One
	// takes about 600 bytes. 0 means 10,000.
	MaxIntrospections int

	// FeedInterval is how often Follow asks for the list of revoked tickets. 0 means 500
	// milliseconds. The minimum is 50.
	FeedInterval time.Duration
	// MaxFeedAge is how old the list of revoked tickets may be, counted from its signature. If it
	// is older, or was not read yet, Verify returns ErrUnavailable. So Follow must run. The server
	// signs a list at least every 30 seconds, so the minimum is a minute. 0 allows any age: a
	// ticket that is revoked while the server is unreachable stays valid meanwhile.
	MaxFeedAge time.Duration

	// Leeway is how far this machine's clock may be behind the server's. Tickets and lists may be
	// issued at most this far in the future. 0 means 5 seconds, the same as between servers. There
	// is no leeway for expirations.
	Leeway time.Duration
	// Client sends the requests to the server. Nil means a new client. With any client, redirects
	// are not followed, and a request takes at most 3 seconds.
	Client *http.Client
	// Log gets a line when the server stops answering, when it answers again, and when the list of
	// revoked tickets is too long. Nil means no log.
	Log *slog.Logger
	// Now returns the current time. Nil means time.Now.
	Now func() time.Time
}

const (
	defaultIntrospectionAge  = 5 * time.Second
	mostIntrospectionAge     = time.Minute
	defaultMaxIntrospections = 10_000
	defaultFeedInterval      = 500 * time.Millisecond
	leastFeedInterval        = 50 * time.Millisecond
	leastMaxFeedAge          = time.Minute
	defaultLeeway            = 5 * time.Second
)

// check returns all faults of the settings.
func (s *Settings) check() error {
	faults := []error{checkURL("Issuer", s.Issuer, false)}
	fault := func(isWrong bool, message string) {
		if isWrong {
			faults = append(faults, errors.New(message))
		}
	}
	fault(s.Audience == "", "Audience is missing")
	if s.Server != "" {
		faults = append(faults, checkURL("Server", s.Server, true))
	}

	fault((s.Application == "") != (s.Secret == nil), "Application and Secret are given together or not at all")
	fault(s.IntrospectionAge < 0 || s.IntrospectionAge > mostIntrospectionAge, "IntrospectionAge must be from 0 to 1m")
	fault(s.MaxIntrospections < 0, "MaxIntrospections must not be negative")
	fault(s.FeedInterval != 0 && s.FeedInterval < leastFeedInterval, "FeedInterval must be at least 50ms")
	fault(s.MaxFeedAge != 0 && s.MaxFeedAge < leastMaxFeedAge, "MaxFeedAge must be at least 1m")
	fault(s.Leeway < 0, "Leeway must not be negative")
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("verify: %w", err)
	}

	return nil
}

// checkURL checks the URL in the setting with this name. allowHTTP also allows http to other
// machines.
func checkURL(name, text string, allowHTTP bool) error {
	address, err := url.Parse(text)
	switch {
	case text == "":
		return fmt.Errorf("%s is missing", name)
	case err != nil || address.Host == "" || address.User != nil,
		address.ForceQuery || strings.ContainsAny(text, "?#"):
		return fmt.Errorf("%s must be a URL without user, query and fragment", name)
	case address.Scheme == "https", address.Scheme == "http" && (allowHTTP || isThisMachine(address.Hostname())):
		return nil
	case allowHTTP:
		return fmt.Errorf("%s must begin with http:// or https://", name)
	}

	return fmt.Errorf("%s must begin with https://", name)
}

func isThisMachine(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// fill sets the defaults.
func (s *Settings) fill() {
	if s.Server == "" {
		s.Server = s.Issuer
	}
	if s.IntrospectionAge == 0 {
		s.IntrospectionAge = defaultIntrospectionAge
	}
	if s.MaxIntrospections == 0 {
		s.MaxIntrospections = defaultMaxIntrospections
	}
	if s.FeedInterval == 0 {
		s.FeedInterval = defaultFeedInterval
	}

	if s.Leeway == 0 {
		s.Leeway = defaultLeeway
	}
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	if s.Now == nil {
		s.Now = time.Now //nolint:forbidigo // other programs need not pass in a clock
	}
}
