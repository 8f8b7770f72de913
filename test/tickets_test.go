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
		areTexts := alphanumeric.MatchString(got.AccessToken) && alphanumeric.MatchString(got.RefreshToken)
		if !areTexts || len(got.RefreshToken) > 200 {
			t.Errorf("tokens %q, %q", got.AccessToken, got.RefreshToken)
		}
		if got.AccessTokenExpiration != "2026-11-24T09:45:00.123Z" ||
			got.RefreshTokenExpiration != "2026-12-24T09:30:00.123Z" {
			t.Errorf("expirations %s, %s", got.AccessTokenExpiration, got.RefreshTokenExpiration)
		}

		if got.AccessTokenLifetime != 900 || got.RefreshTokenLifetime != 30*24*3600 ||
			got.RefreshAfter < 630 || got.RefreshAfter > 765 {
			t.Errorf("lifetimes %d, %d, refresh after %d",
				got.AccessTokenLifetime, got.RefreshTokenLifetime, got.RefreshAfter)
		}
		if !hexID.MatchString(got.UserID) || got.UserID == o.anonymous().UserID ||
			strings.Join(got.Behaviors, " ") != "cart.write catalog.read" {
			t.Errorf("user id %q, behaviors %v", got.UserID, got.Behaviors)
		}
		if got.ClaimedAnonymousUserID != nil {
			t.Error("claims somebody")
		}
	})
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
			"ada":              rightPassword + "x",
			"ADA":              rightPassword[1:],
			"ada@example.com":  strings.ToUpper(rightPassword),
			"nobody":           rightPassword,
			"' OR 1=1--":       rightPassword,
			"%":                rightPassword,
			"${jndi:ldap://x}": rightPassword,
		} {
			expect(t, o.trySignIn(name, plain, "", "198.51.100.7"), models.ReasonInvalidCredentials)
		}

		for _, name := range []string{
			"", " ", "a\x00da", "ada\u202e", "a\u200bda", "ada\r\n", "\x1b[1m", strings.Repeat("a", 255),
		} {
			expect(t, o.trySignIn(name, rightPassword, "", "198.51.100.7"), models.ReasonUsernameInvalid)
		}

		for _, plain := range []string{"", "  ", rightPassword + "\x00", strings.Repeat("x", 1025)} {
			expect(t, o.trySignIn("ada", plain, "", "198.51.100.7"), models.ReasonPasswordInvalid)
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

		for name, anonymous := range map[string]ticket{
			"fresh":                  fresh,
			"refreshed":              o.refresh(refreshed.RefreshToken),
			"used within the window": within,
		} {
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

		o.clock.Pass(30 * 24 * time.Hour)
		if got := claim("ada", expired.RefreshToken); got != "" {
			t.Errorf("expired: claimed %q", got)
		}
	})
}
