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

// Settings of a Verifier.
type Settings struct {
	// Issuer is the server's setting of that name, letter for letter: it is what tickets must name as their issuer. Required: an https URL without query and fragment, or an http
	// URL of this machine (localhost, 127.0.0.1, [::1]).
	Issuer string
	// Audience is what a jwtAccessToken must be meant for: one of the names in its claim aud. Required. Opaque tokens name no audience.
	Audience string
	// Server is the URL at which this service reaches the server, where that is not its issuer: an address inside a cluster, say. Empty means Issuer. Whoever can answer in the
	// server's place can give out keys, so let it be https, or a network that you trust.
	Server string

	// Application is the id of a confidential application that has the behavior tickets.introspect, and Secret returns its secret, each time the server is asked, so that it can be
	// rotated while this service runs. It is a function so that no dump of the settings shows it. Both are required to verify opaque tokens; without them those are ErrInvalid.
	// At most 64 are asked about at a time. Others wait, and are ErrUnavailable when it was not their turn after 3 seconds.
	Application string
	Secret      func() string
	// IntrospectionAge is how long the server's answer about an opaque token is believed before it is asked again. A revoked token that no feed names is good for so much longer.
	// 0 means 5 seconds; a minute is the most. Answers about tokens that are not good are kept for a second at most.
	IntrospectionAge time.Duration
	// MaxIntrospections is how many of those answers are kept, about 600 bytes each. 0 means 10,000.
	MaxIntrospections int

	// FeedInterval is how often Follow asks for the list of revoked tickets. 0 means 500 milliseconds; 50 are the least.
	FeedInterval time.Duration
	// MaxFeedAge is how old the list of revoked tickets may be, by the time of its signature. With an older one, or none yet, Verify returns ErrUnavailable, so Follow must run. The
	// server signs a list at least every 30 seconds, so a minute is the least. 0 means that any age will do: tickets stay good while the server is away, revoked ones too.
	MaxFeedAge time.Duration

	// Leeway is how far the clock of this machine may be behind the server's: how far in the future tickets and lists may have been issued. 0 means 5 seconds, as the servers among
	// themselves. There is no leeway for expirations.
	Leeway time.Duration
	// Client sends the requests to the server. Nil means one of the Verifier's own. Redirects are not followed, and a request takes at most 3 seconds, whichever it is.
	Client *http.Client
	// Log is told when the server stops answering and when it answers again, and of a list of revoked tickets that is too long. Nil means nobody is.
	Log *slog.Logger
	// Now tells the time. Nil means time.Now.
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

// check returns all faults.
func (s *Settings) check() error {
	faults := []error{checkURL("Issuer", s.Issuer, false)}
	fault := func(wrong bool, message string) {
		if wrong {
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

func checkURL(name, text string, plain bool) error {
	address, err := url.Parse(text)
	switch {
	case text == "":
		return fmt.Errorf("%s is missing", name)
	case err != nil || address.Host == "" || address.User != nil || address.ForceQuery || strings.ContainsAny(text, "?#"):
		return fmt.Errorf("%s must be a URL without user, query and fragment", name)
	case address.Scheme == "https", address.Scheme == "http" && (plain || ownMachine(address.Hostname())):
		return nil
	case plain:
		return fmt.Errorf("%s must begin with http:// or https://", name)
	}
	return fmt.Errorf("%s must begin with https://", name)
}

func ownMachine(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// fill sets what was left out.
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
		s.Now = time.Now //nolint:forbidigo // for other programs, which need not know of clocks that are passed in
	}
}
