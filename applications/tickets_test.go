package applications_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
)

// clientID is the second id of the application "server".
const clientID = "SHOP.APP.1.0.0.Release"

// counter is a server that issues tickets to applications.
type counter struct {
	*applications.Tickets

	t   *testing.T
	log *bytes.Buffer
}

func newKeys(t *testing.T) *seal.Keys {
	t.Helper()
	keyset, err := seal.NewSealKeyset()
	must(t, err)
	keys, err := seal.NewKeys(seal.Dated{Keyset: keyset, Number: 1})
	must(t, err)
	return keys
}

// counter returns one of several servers that share keys. The book's clock becomes the real time,
// which a MySQL server has, too.
func (b *book) counter(keys *seal.Keys) *counter {
	b.t.Helper()
	b.now = time.Now().UTC().Truncate(time.Microsecond)
	directory := &applications.Directory{Store: b.Store, Keys: keys}
	must(b.t, errors.Join(directory.Reload(b.t.Context()), directory.ReloadEnded(b.t.Context())))
	log := &bytes.Buffer{}

	return &counter{
		Tickets: &applications.Tickets{
			Directory: directory,
			Store:     b.Store,
			Keys:      keys,
			Lifetime:  time.Hour,
			Now:       func() time.Time { return b.now },
			Random:    rand.Reader,
			Desk:      &access.Desk{Log: slog.New(slog.NewTextHandler(log, nil))},
		},
		t:   b.t,
		log: log,
	}
}

// onCounters runs a test with a confidential application and two servers on every database.
func onCounters(t *testing.T, test func(t *testing.T, b *book, one, two *counter, shown secret.Text)) {
	t.Helper()
	onEach(t, func(t *testing.T, b *book) {
		shown := b.create("server", true, applications.Change{
			ClientID: new(clientID),
			Origins:  []string{"https://shop.example"},
		})
		keys := newKeys(t)
		test(t, b, b.counter(keys), b.counter(keys), shown)
	})
}

func (c *counter) reload() {
	c.t.Helper()
	must(c.t, errors.Join(c.Directory.Reload(c.t.Context()), c.Directory.ReloadEnded(c.t.Context())))
}

// issued returns a new ticket of the application "server".
func (c *counter) issued(shown secret.Text) *applications.Ticket {
	c.t.Helper()
	ticket, err := c.Issue(c.t.Context(), &access.Caller{Application: "server", Secret: shown})
	must(c.t, err)
	return ticket
}

// proves returns why an access token does not prove that the caller is the application "server".
func (c *counter) proves(token secret.Text) error {
	c.t.Helper()
	caller := &access.Caller{ApplicationToken: token}
	application, err := c.Directory.Caller(caller, c.Now())
	if err == nil && application.ID != "server" || err != nil && application != nil {
		c.t.Errorf("the token proves %v, %v", application, err)
	}
	if checked := c.Check(caller); !errors.Is(checked, err) {
		c.t.Errorf("Check returns %v", checked)
	}
	return err
}

func (c *counter) renews(token secret.Text) error {
	c.t.Helper()
	_, err := c.Renew(c.t.Context(), &access.Caller{}, token)
	return err
}

// expect fails unless an error has a reason; "" stands for no error.
func expect(t *testing.T, step string, err error, reason models.Reason) {
	t.Helper()
	if reason == "" && err != nil || reason != "" && !errors.Is(err, &models.Error{Reason: reason}) {
		t.Errorf("%s: got %v, want %q", step, err, reason)
	}
}

func TestApplicationTickets(t *testing.T) {
	t.Parallel()

	onCounters(t, func(t *testing.T, b *book, one, two *counter, shown secret.Text) {
		ticket := one.issued(shown)
		if ticket.AccessTokenLifetime != time.Hour ||
			!ticket.AccessTokenExpiration.Equal(b.now.Add(time.Hour)) ||
			!ticket.RefreshTokenExpiration.Equal(b.now.Add(24*time.Hour)) {
			t.Errorf("%+v", ticket)
		}
		expect(t, "a token", two.proves(ticket.AccessToken), "")
		expect(t, "a refresh token as access token", one.proves(ticket.RefreshToken), models.ReasonApplicationInvalid)
		expect(t, "an access token as refresh token", one.renews(ticket.AccessToken), models.ReasonApplicationInvalid)
		expect(t, "no token", one.renews(secret.Text{}), models.ReasonApplicationInvalid)
		expect(t, "no token at all", one.proves(secret.New("undefined")), models.ReasonApplicationInvalid)
		if !one.Directory.IsToken(ticket.AccessToken, b.now) || one.Directory.IsToken(ticket.RefreshToken, b.now) ||
			one.Directory.IsToken(secret.Text{}, b.now) {
			t.Error("the wrong texts are access tokens of applications")
		}

		begin := b.now
		b.now = begin.Add(time.Hour - time.Microsecond)
		expect(t, "just before it expires", one.proves(ticket.AccessToken), "")
		b.now = begin.Add(time.Hour)
		expect(t, "expired", one.proves(ticket.AccessToken), models.ReasonApplicationInvalid)
		if !one.Directory.IsToken(ticket.AccessToken, b.now) {
			t.Error("an expired token counts as a shopper's")
		}

		renewed, err := two.Renew(t.Context(), &access.Caller{}, ticket.RefreshToken)
		must(t, err)
		expect(t, "renewed", one.proves(renewed.AccessToken), "")
		expect(t, "renewed again", one.renews(ticket.RefreshToken), "")
		b.now = begin.Add(24*time.Hour - time.Microsecond)
		expect(t, "renewed just before it expires", one.renews(ticket.RefreshToken), "")
		b.now = begin.Add(24 * time.Hour)
		expect(t, "renewed too late", one.renews(ticket.RefreshToken), models.ReasonApplicationInvalid)
		expect(t, "the next one", one.renews(renewed.RefreshToken), "")

		b.now = begin.Add(-5 * time.Second)
		expect(t, "within the leeway of clocks", one.proves(ticket.AccessToken), "")
		b.now = begin.Add(-5*time.Second - time.Microsecond)
		expect(t, "from the future", one.proves(ticket.AccessToken), models.ReasonBusy)
		expect(t, "a refresh token from the future", one.renews(ticket.RefreshToken), models.ReasonBusy)
	})
}

// A ticket cannot be renewed for ever: in the end, the application shows its secret again.
func TestApplicationTicketsEnd(t *testing.T) {
	t.Parallel()

	onCounters(t, func(t *testing.T, b *book, one, _ *counter, shown secret.Text) {
		begin, ticket := b.now, one.issued(shown)
		end := begin.Add(30 * 24 * time.Hour)
		for b.now.Add(23 * time.Hour).Before(end) {
			b.now = b.now.Add(23 * time.Hour)
			renewed, err := one.Renew(t.Context(), &access.Caller{}, ticket.RefreshToken)
			must(t, err)
			ticket = renewed
		}

		b.now = end.Add(-time.Minute)
		last, err := one.Renew(t.Context(), &access.Caller{}, ticket.RefreshToken)
		must(t, err)
		if !last.AccessTokenExpiration.Equal(end) || !last.RefreshTokenExpiration.Equal(end) ||
			last.AccessTokenLifetime != time.Minute {
			t.Errorf("%+v", last)
		}
		b.now = end
		expect(t, "at the end", one.proves(last.AccessToken), models.ReasonApplicationInvalid)
		expect(t, "renewed at the end", one.renews(last.RefreshToken), models.ReasonApplicationInvalid)
	})
}

// Only an application with a secret gets a ticket.
func TestErrApplicationTickets(t *testing.T) {
	t.Parallel()

	onCounters(t, func(t *testing.T, b *book, one, _ *counter, shown secret.Text) {
		b.create("kiosk", false, applications.Change{})
		_ = b.create("other", true, applications.Change{})
		one.reload()
		for name, test := range map[string]struct {
			caller access.Caller
			reason models.Reason
		}{
			"its id":           {access.Caller{Application: "server", Secret: shown}, ""},
			"its client id":    {access.Caller{Application: clientID, Secret: shown}, ""},
			"wrong client id":  {access.Caller{Application: "SHOP.APP.1", Secret: shown}, "APPLICATION_INVALID"},
			"unknown":          {access.Caller{Application: "nobody", Secret: shown}, "APPLICATION_INVALID"},
			"no id":            {access.Caller{Secret: shown}, "APPLICATION_MISSING"},
			"no secret":        {access.Caller{Application: "server"}, "APPLICATION_INVALID"},
			"wrong secret":     {access.Caller{Application: "server", Secret: secret.New("x")}, "APPLICATION_INVALID"},
			"another's secret": {access.Caller{Application: "other", Secret: shown}, "APPLICATION_INVALID"},
			"public":           {access.Caller{Application: "kiosk"}, "APPLICATION_INVALID"},
			"a page": {
				access.Caller{Application: "server", Secret: shown, Origin: "https://shop.example"}, "",
			},
			"a foreign page": {
				access.Caller{Application: "server", Secret: shown, Origin: "https://x.example"}, "ORIGIN_NOT_ALLOWED",
			},
		} {
			_, err := one.Issue(t.Context(), &test.caller)
			expect(t, name, err, test.reason)
		}

		expect(t, "a public one with its id", one.Check(&access.Caller{Application: "kiosk"}), "APPLICATION_INVALID")
		expect(t, "one with its secret", one.Check(&access.Caller{Application: "server", Secret: shown}), "")
		if strings.Contains(one.log.String(), shown.Reveal()) {
			t.Error("the log has the secret")
		}
	})
}

// With a token, a caller may also name the application, and a page may bring the token.
func TestApplicationTicketsOfNamedCallers(t *testing.T) {
	t.Parallel()

	onCounters(t, func(t *testing.T, _ *book, one, _ *counter, shown secret.Text) {
		ticket := one.issued(shown)
		for name, test := range map[string]struct {
			caller access.Caller
			reason models.Reason
		}{
			"its id":         {access.Caller{Application: "server"}, ""},
			"its client id":  {access.Caller{Application: clientID}, ""},
			"another":        {access.Caller{Application: "storefront"}, "APPLICATION_INVALID"},
			"unknown":        {access.Caller{Application: "nobody"}, "APPLICATION_INVALID"},
			"a page":         {access.Caller{Origin: "https://shop.example"}, ""},
			"a foreign page": {access.Caller{Origin: "https://x.example"}, "ORIGIN_NOT_ALLOWED"},
		} {
			_, err := one.Renew(t.Context(), &test.caller, ticket.RefreshToken)
			expect(t, name+" renews", err, test.reason)
			test.caller.ApplicationToken = ticket.AccessToken
			_, err = one.Directory.Caller(&test.caller, one.Now())
			expect(t, name, err, test.reason)
		}
		for _, caller := range []*access.Caller{{Application: "storefront"}, {Origin: "https://x.example"}} {
			if one.End(t.Context(), caller, ticket.RefreshToken) == nil {
				t.Errorf("%+v ends it", caller)
			}
		}
		expect(t, "after all that", one.renews(ticket.RefreshToken), "")
	})
}

func TestApplicationTicketsBeforeTheyAreLoaded(t *testing.T) {
	t.Parallel()

	onCounters(t, func(t *testing.T, b *book, one, _ *counter, shown secret.Text) {
		ticket := one.issued(shown)

		early := b.counter(newKeys(t))
		early.Directory = &applications.Directory{Store: b.Store, Keys: early.Keys}
		expect(t, "no applications", early.proves(ticket.AccessToken), models.ReasonBusy)
		expect(t, "no applications, renew", early.renews(ticket.RefreshToken), models.ReasonBusy)

		keyless := b.counter(new(seal.Keys))
		_, err := keyless.Issue(t.Context(), &access.Caller{Application: "server", Secret: shown})
		expect(t, "no keys, issue", err, models.ReasonBusy)
		expect(t, "no keys", keyless.proves(ticket.AccessToken), models.ReasonBusy)
		expect(t, "no keys, renew", keyless.renews(ticket.RefreshToken), models.ReasonBusy)
		expect(t, "no keys, end", keyless.End(t.Context(), &access.Caller{}, ticket.RefreshToken), models.ReasonBusy)

		behind := b.counter(newKeys(t))
		behind.Keys.MarkComplete(b.now)
		expect(t, "another's keys", behind.proves(ticket.AccessToken), models.ReasonApplicationInvalid)
		if behind.Directory.IsToken(ticket.AccessToken, b.now) {
			t.Error("a token under unknown keys is an application's")
		}
		b.now = b.now.Add(time.Minute)
		expect(t, "perhaps new keys", behind.proves(ticket.AccessToken), models.ReasonBusy)
		if !behind.Directory.IsToken(ticket.AccessToken, b.now) || behind.Directory.IsToken(secret.New("x"), b.now) {
			t.Error("what may be an application's token counts as a shopper's, or what is none does not")
		}

		without := &applications.Directory{Store: b.Store} // a server that has no such tickets
		must(t, without.Reload(t.Context()))
		_, err = without.Caller(&access.Caller{ApplicationToken: ticket.AccessToken}, b.now)
		expect(t, "a server without such tickets", err, models.ReasonApplicationInvalid)
		if without.IsToken(ticket.AccessToken, b.now) {
			t.Error("a server without such tickets finds one")
		}
	})
}
