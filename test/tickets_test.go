package test_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/models"
)

var (
	alphanumeric = regexp.MustCompile(`^[A-Za-z0-9]+$`)
	hexID        = regexp.MustCompile(`^[0-9a-f]{32}$`)
)

func TestAnonymousTicket(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o *office) {
		got := o.anonymous()
		if !alphanumeric.MatchString(got.AccessToken) || !alphanumeric.MatchString(got.RefreshToken) || len(got.RefreshToken) > 200 {
			t.Errorf("tokens %q, %q", got.AccessToken, got.RefreshToken)
		}
		if got.AccessTokenExpiration != "2026-11-24T09:45:00.123Z" || got.RefreshTokenExpiration != "2026-12-24T09:30:00.123Z" {
			t.Errorf("expirations %s, %s", got.AccessTokenExpiration, got.RefreshTokenExpiration)
		}
		if got.AccessTokenLifetime != 900 || got.RefreshTokenLifetime != 30*24*3600 || got.RefreshAfter < 630 || got.RefreshAfter > 765 {
			t.Errorf("lifetimes %d, %d, refresh after %d", got.AccessTokenLifetime, got.RefreshTokenLifetime, got.RefreshAfter)
		}
		if !hexID.MatchString(got.UserID) || got.UserID == o.anonymous().UserID || strings.Join(got.Behaviors, " ") != "cart.write catalog.read" {
			t.Errorf("user id %q, behaviors %v", got.UserID, got.Behaviors)
		}
		if got.ClaimedAnonymousUserID != nil {
			t.Error("claims somebody")
		}
	})
}

func TestRefreshIsSpread(t *testing.T) {
	t.Parallel()
	o := open(t, sqlite(t))
	different := map[int]bool{}
	for range 40 {
		different[o.anonymous().RefreshAfter] = true
	}
	if len(different) < 15 {
		t.Errorf("40 sessions refresh at %d different times only", len(different))
	}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o *office) {
		ada := o.customer("Ada")
		for _, name := range []string{"Ada", "ada", "ADA", "ada@example.com", "Ada@EXAMPLE.com", "ａｄａ"} {
			got := o.signIn(name)
			if got.UserID != ada.UserID.String() || got.RefreshTokenExpiration != "2026-12-08T09:30:00.123Z" {
				t.Errorf("%s: user id %s, until %s", name, got.UserID, got.RefreshTokenExpiration)
			}
		}
		for name, plain := range map[string]string{
			"ada": rightPassword + "x", "ADA": rightPassword[1:], "ada@example.com": strings.ToUpper(rightPassword), "nobody": rightPassword,
			"' OR 1=1--": rightPassword, "%": rightPassword, "${jndi:ldap://x}": rightPassword,
		} {
			expect(t, o.trySignIn(name, plain, "", "198.51.100.7"), models.ReasonInvalidCredentials)
		}
		for _, name := range []string{"", " ", "a\x00da", "ada\u202e", "a\u200bda", "ada\r\n", "\x1b[1m", strings.Repeat("a", 255)} {
			expect(t, o.trySignIn(name, rightPassword, "", "198.51.100.7"), models.ReasonUsernameInvalid)
		}
		for _, plain := range []string{"", "  ", rightPassword + "\x00", strings.Repeat("x", 1025)} {
			expect(t, o.trySignIn("ada", plain, "", "198.51.100.7"), models.ReasonPasswordInvalid)
		}
	})
}

func TestUnknownNameLooksLikeWrongPassword(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		inactive := o.customer("inactive")
		must(t, o.Accounts.Deactivate(t.Context(), inactive))
		locked := o.customer("locked")
		must(t, o.Accounts.Lock(t.Context(), locked))
		without := o.customer("without", func(a *models.CustomerAccount) { a.PasswordHash = noHash })
		_ = without
		want := o.trySignIn("nobody", "wrong", "", "198.51.100.9").text
		for _, name := range []string{"ada", "inactive", "locked", "without"} {
			for range 7 { // the sixth must wait, known or not
				if got := o.trySignIn(name, "wrong", "", "198.51.100.10").text; got != want {
					if again := o.trySignIn("nobody"+name, "wrong", "", "198.51.100.10"); again.text == want && got != want && !strings.Contains(got, "TOO_MANY") {
						t.Errorf("%s: %s\nwant %s", name, got, want)
					}
				}
			}
		}
		expect(t, o.trySignIn("inactive", rightPassword, "", "198.51.100.11"), models.ReasonAccountInactive)
		expect(t, o.trySignIn("locked", rightPassword, "", "198.51.100.11"), models.ReasonAccountLocked)
	})
}

func TestRefreshGivesTheNextTicket(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		for name, got := range map[string]ticket{"anonymous": o.anonymous(), "customer": o.signIn("ada")} {
			seen := map[string]bool{got.RefreshToken: true}
			for range 5 {
				o.clock.pass(10 * time.Minute)
				next := o.refresh(got.RefreshToken)
				if seen[next.RefreshToken] || next.UserID != got.UserID || next.AccessTokenExpiration <= got.AccessTokenExpiration {
					t.Errorf("%s: after %s came %s", name, got.raw, next.raw)
				}
				seen[next.RefreshToken] = true
				got = next
			}
		}
	})
}

func TestRefreshAgainWithinTheWindow(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		for name, got := range map[string]ticket{"anonymous": o.anonymous(), "customer": o.signIn("ada"), "later": o.refresh(o.anonymous().RefreshToken)} {
			next := o.refresh(got.RefreshToken)
			o.clock.pass(29 * time.Second)
			if again := o.refresh(got.RefreshToken); again.raw != next.raw {
				t.Errorf("%s: not the same ticket:\n%s\n%s", name, next.raw, again.raw)
			}
			o.clock.pass(time.Second) // the window's last instant
			if again := o.refresh(got.RefreshToken); again.raw != next.raw {
				t.Errorf("%s: not the same ticket at the end of the window", name)
			}
			o.refresh(next.RefreshToken)
		}
	})
}

func TestReuseEndsTheSession(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		for _, first := range []ticket{o.anonymous(), o.signIn("ada")} {
			second := o.refresh(first.RefreshToken)
			o.clock.pass(31 * time.Second)
			expect(t, o.tryRefresh(first.RefreshToken), models.ReasonTokenReused)
			expect(t, o.tryRefresh(second.RefreshToken), models.ReasonTokenReused)
			expect(t, o.tryRefresh(first.RefreshToken), models.ReasonTokenReused)
		}
		if got := o.log.count("refresh token used again: session ended"); got != 2 {
			t.Errorf("%d security events", got)
		}
		// Two generations back is too old, however quick.
		first := o.signIn("ada")
		third := o.refresh(o.refresh(first.RefreshToken).RefreshToken)
		expect(t, o.tryRefresh(first.RefreshToken), models.ReasonTokenReused)
		expect(t, o.tryRefresh(third.RefreshToken), models.ReasonTokenReused)
	})
}

func TestTokensExpire(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		const day = 24 * time.Hour
		for _, c := range []struct {
			ticket   ticket
			lifetime time.Duration
		}{{o.anonymous(), 30 * day}, {o.signIn("ada"), 14 * day}} {
			at := o.clock.Now()
			o.clock.pass(c.lifetime - time.Microsecond)
			got := o.refresh(c.ticket.RefreshToken)
			o.clock.pass(c.lifetime)
			expect(t, o.tryRefresh(got.RefreshToken), models.ReasonTokenExpired)
			o.clock.pass(at.Sub(o.clock.Now()))
		}
		// However often it is refreshed, a session ends after 90 days.
		got := o.signIn("ada")
		for range 9 {
			o.clock.pass(10 * day)
			if got.RefreshTokenExpiration > "2027-02-22T09:30:00.123Z" {
				t.Fatalf("lives until %s", got.RefreshTokenExpiration)
			}
			answer := o.tryRefresh(got.RefreshToken)
			if answer.reason() != "" {
				break
			}
			got = answer.ticket(t, "refreshTicket")
		}
		expect(t, o.tryRefresh(got.RefreshToken), models.ReasonTokenExpired)
	})
}

func TestTokensFromTheFuture(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o *office) {
		got := o.anonymous()
		o.clock.pass(-5 * time.Second)
		expect(t, o.currentShopper("userId", "Authorization", "Bearer "+got.AccessToken), "")
		o.clock.pass(-time.Microsecond)
		expect(t, o.currentShopper("userId", "Authorization", "Bearer "+got.AccessToken), models.ReasonBusy)
		expect(t, o.tryRefresh(got.RefreshToken), models.ReasonBusy)
		o.clock.pass(time.Microsecond)
		o.refresh(got.RefreshToken)
	})
}

func TestRefreshRefuses(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o *office) {
		got := o.anonymous()
		for name, token := range map[string]string{
			"access token": got.AccessToken, "empty": "", "padded": got.RefreshToken + "=", "30 kB": strings.Repeat("A", 30_000), "NUL": "\x00", "emoji": "🎫",
			"JWT": "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", "case changed": strings.ToLower(got.RefreshToken),
		} {
			if answer := o.tryRefresh(token); answer.reason() != models.ReasonTokenInvalid {
				t.Errorf("%s: %s", name, answer.text)
			}
		}
		o.refresh(got.RefreshToken)
	})
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		for name, got := range map[string]ticket{
			"anonymous": o.anonymous(), "refreshed": o.refresh(o.anonymous().RefreshToken), "customer": o.signIn("ada"),
		} {
			if ended := o.revoke(got.RefreshToken, false); ended != 1 {
				t.Errorf("%s: %d sessions ended", name, ended)
			}
			if ended := o.revoke(got.RefreshToken, false); ended != 0 {
				t.Errorf("%s: %d sessions ended the second time", name, ended)
			}
			expect(t, o.tryRefresh(got.RefreshToken), models.ReasonSignedOut)
		}
		for _, token := range []string{"", "x", strings.Repeat("A", 1000), o.anonymous().AccessToken} {
			if ended := o.revoke(token, true); ended != 0 {
				t.Errorf("%.20q: %d sessions ended", token, ended)
			}
		}
		// Any token of the session will do, also one that was used long ago or has expired.
		for name, everywhere := range map[string]bool{"used long ago": false, "everywhere": true} {
			for shopper, first := range map[string]ticket{"customer": o.signIn("ada"), "anonymous": o.anonymous()} {
				last := o.refresh(o.refresh(first.RefreshToken).RefreshToken)
				o.clock.pass(31 * time.Second)
				if ended := o.revoke(first.RefreshToken, everywhere); ended != 1 {
					t.Errorf("%s, %s: %d sessions ended", name, shopper, ended)
				}
				want := models.ReasonSignedOut
				if everywhere {
					want = models.ReasonSignedOutEverywhere
				}
				expect(t, o.tryRefresh(last.RefreshToken), want)
			}
		}
		const day = 24 * time.Hour
		for shopper, begin := range map[string]func() ticket{
			"customer":  func() ticket { return o.signIn("ada") },
			"anonymous": o.anonymous,
		} {
			first := begin()
			o.clock.pass(13 * day)
			last := o.refresh(first.RefreshToken)
			o.clock.pass(time.Duration(first.RefreshTokenLifetime)*time.Second - 13*day)
			expect(t, o.tryRefresh(first.RefreshToken), models.ReasonTokenExpired)
			if ended := o.revoke(first.RefreshToken, false); ended != 1 {
				t.Errorf("%s: an expired token ended %d sessions", shopper, ended)
			}
			expect(t, o.tryRefresh(last.RefreshToken), models.ReasonSignedOut)
		}
	})
}

func TestRevokeEverywhere(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		o.customer("bob")
		phone, laptop, bobs, stranger := o.signIn("ada"), o.signIn("ada"), o.signIn("bob"), o.anonymous()
		signedOut := o.signIn("ada")
		o.revoke(signedOut.RefreshToken, false)
		if ended := o.revoke(phone.RefreshToken, true); ended != 2 {
			t.Errorf("%d sessions ended", ended)
		}
		expect(t, o.tryRefresh(phone.RefreshToken), models.ReasonSignedOutEverywhere)
		expect(t, o.tryRefresh(laptop.RefreshToken), models.ReasonSignedOutEverywhere)
		expect(t, o.tryRefresh(signedOut.RefreshToken), models.ReasonSignedOut)
		o.refresh(bobs.RefreshToken)
		if ended := o.revoke(stranger.RefreshToken, true); ended != 1 {
			t.Errorf("%d sessions ended for an anonymous shopper", ended)
		}
	})
}

func TestClaim(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		o.customer("bob")
		claim := func(name, previous string) string {
			t.Helper()
			got := o.trySignIn(name, rightPassword, previous, "198.51.100.1").ticket(t, "createUserTicket")
			if got.ClaimedAnonymousUserID == nil {
				return ""
			}
			if later := o.refresh(got.RefreshToken); later.ClaimedAnonymousUserID != nil {
				t.Error("a later ticket names the anonymous shopper too")
			}
			return *got.ClaimedAnonymousUserID
		}
		fresh, refreshed := o.anonymous(), o.anonymous()
		within := o.anonymous()
		o.refresh(within.RefreshToken)
		for name, anonymous := range map[string]ticket{"fresh": fresh, "refreshed": o.refresh(refreshed.RefreshToken), "used within the window": within} {
			if got := claim("ada", anonymous.RefreshToken); got != anonymous.UserID {
				t.Errorf("%s: claimed %q", name, got)
			}
			expect(t, o.tryRefresh(anonymous.RefreshToken), models.ReasonSignedIn)
			if got := claim("ada", anonymous.RefreshToken); got != anonymous.UserID {
				t.Errorf("%s: claimed %q the second time", name, got)
			}
			if got := claim("bob", anonymous.RefreshToken); got != "" {
				t.Errorf("%s: somebody else claimed %q", name, got)
			}
		}

		signedOut, expired := o.anonymous(), o.anonymous()
		o.revoke(signedOut.RefreshToken, false)
		for name, previous := range map[string]string{
			"signed out": signedOut.RefreshToken, "a customer's": o.signIn("bob").RefreshToken,
			"an access token": o.anonymous().AccessToken, "nonsense": "nonsense", "30 kB": strings.Repeat("A", 30_000),
		} {
			if got := claim("ada", previous); got != "" {
				t.Errorf("%s: claimed %q", name, got)
			}
		}
		o.clock.pass(30 * 24 * time.Hour)
		if got := claim("ada", expired.RefreshToken); got != "" {
			t.Errorf("expired: claimed %q", got)
		}
	})
}

func TestRefreshAfterAccountChanges(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o *office) {
		for name, c := range map[string]struct {
			change func(*models.CustomerAccount) error
			reason models.Reason
		}{
			"inactive": {func(a *models.CustomerAccount) error { return o.Accounts.Deactivate(t.Context(), a) }, models.ReasonAccountInactive},
			"deleted":  {func(a *models.CustomerAccount) error { return o.Accounts.Delete(t.Context(), a) }, models.ReasonAccountDeleted},
			"password": {func(a *models.CustomerAccount) error {
				return o.Accounts.SetPassword(t.Context(), a, secretText("another password"))
			}, models.ReasonPasswordChanged},
			"locked": {func(a *models.CustomerAccount) error { return o.Accounts.Lock(t.Context(), a) }, ""},
		} {
			account := o.customer(name)
			got := o.signIn(name)
			must(t, c.change(account))
			expect(t, o.tryRefresh(got.RefreshToken), c.reason)
		}
		// Made active again, the account's old sessions stay ended.
		account := o.customer("again")
		got := o.signIn("again")
		must(t, o.Accounts.Deactivate(t.Context(), account))
		must(t, o.Accounts.Activate(t.Context(), account))
		refused := o.tryRefresh(got.RefreshToken)
		expect(t, refused, models.ReasonAccountInactive)
		if step := refused.Errors[0].Extensions.NextStep; step != "SIGN_IN" {
			t.Errorf("next step %s", step)
		}
		o.signIn("again")
	})
}

func TestPurgedOnlyWhenEveryTokenHasExpired(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	onEach(t, func(t *testing.T, o *office) {
		purge := func(want int) {
			t.Helper()
			if got, err := o.Purge(t.Context(), 0); err != nil || got != want {
				t.Errorf("purged %d rows, error %v", got, err)
			}
		}
		purge(0) // as a server does when it starts
		o.customer("ada")
		for range 5 {
			o.signIn("ada")
		}
		first := o.anonymous()
		ended := o.refresh(first.RefreshToken)
		o.revoke(ended.RefreshToken, false)
		o.clock.pass(29 * day)
		purge(5)
		expect(t, o.tryRefresh(first.RefreshToken), models.ReasonSignedOut) // and not a new beginning
		o.clock.pass(3 * day)
		purge(1)
		expect(t, o.tryRefresh(first.RefreshToken), models.ReasonTokenExpired)
	})
}
