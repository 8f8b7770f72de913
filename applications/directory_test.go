package applications_test

import (
	"errors"
	"testing"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
)

// proves reports whether a secret proves that the caller is the application.
func proves(directory *applications.Directory, id string, shown secret.Text, now time.Time) bool {
	application, err := directory.Identify(id, shown, now)
	return err == nil && application.ID == id
}

func TestIdentify(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, b *book) {
		var none secret.Text
		check := func(step string, directory *applications.Directory, id string, shown secret.Text, want string,
			reason models.Reason,
		) {
			t.Helper()
			got, err := directory.Identify(id, shown, begin)
			if reason != "" {
				if !errors.Is(err, &models.Error{Reason: reason}) || got != nil {
					t.Errorf("%s: got %v, %v, want %s", step, got, err, reason)
				}
				return
			}
			if err != nil || got.ID != want {
				t.Errorf("%s: got %v, %v, want %s", step, got, err, want)
			}
		}

		check("before the first Reload", &applications.Directory{Store: b.Store}, "", none, "", models.ReasonBusy)

		only := b.directory()
		check("the only one", only, "", none, "storefront", "")
		check("the only one by its id", only, "storefront", none, "storefront", "")
		check("not the only one", only, "x", none, "", models.ReasonApplicationInvalid)
		check("a public one with a secret", only, "", secret.New("x"), "", models.ReasonApplicationInvalid)

		right := b.create("server", true, applications.Change{})
		b.create("shut", false, applications.Change{})
		_, err := b.Disable(t.Context(), access.Operator(), "shut")
		must(t, err)
		hidden := b.create("shut-server", true, applications.Change{})
		_, err = b.Disable(t.Context(), access.Operator(), "shut-server")
		must(t, err)
		several := b.directory()
		check("of several", several, "", none, "", models.ReasonApplicationMissing)
		check("of several, with a secret", several, "", right, "", models.ReasonApplicationMissing)
		check("public", several, "storefront", none, "storefront", "")
		check("unknown", several, "Storefront", none, "", models.ReasonApplicationInvalid)
		check("confidential", several, "server", right, "server", "")
		check("confidential without a secret", several, "server", none, "", models.ReasonApplicationInvalid)
		check("confidential with the wrong secret", several, "server", hidden, "", models.ReasonApplicationInvalid)
		check("disabled", several, "shut", none, "", models.ReasonApplicationDisabled)
		check("disabled and confidential", several, "shut-server", hidden, "", models.ReasonApplicationDisabled)
		check(
			"disabled, with the secret of another", several, "shut-server", right, "",
			models.ReasonApplicationInvalid,
		)
		check("a directory that was not reloaded", only, "server", right, "", models.ReasonApplicationInvalid)

		for _, id := range []string{"storefront", "shut", "shut-server"} {
			must(t, b.Delete(t.Context(), access.Operator(), id))
		}

		left := b.directory()
		check("the only one is confidential", left, "", right, "server", "")
		check(
			"the only one is confidential, without a secret", left, "", none, "",
			models.ReasonApplicationInvalid,
		)
		must(t, b.Delete(t.Context(), access.Operator(), "server"))
		check("none at all", b.directory(), "", none, "", models.ReasonApplicationMissing)
		if left.Find("server") == nil || b.directory().Find("server") != nil {
			t.Error("Find does not return what was loaded last")
		}
	})
}

func TestOrigins(t *testing.T) {
	t.Parallel()

	const one, two, shut = "https://one.example", "https://two.example", "https://shut.example"
	onEach(t, func(t *testing.T, b *book) {
		b.create("one", false, applications.Change{Origins: []string{one, shut}})
		b.create("two", false, applications.Change{Origins: []string{two}})
		b.create("shut", false, applications.Change{Origins: []string{shut, "https://else.example"}})
		_, err := b.Disable(t.Context(), access.Operator(), "shut")
		must(t, err)
		directory := b.directory()

		for origin, want := range map[string]bool{
			one: true, two: true, shut: true, "https://else.example": false, "*": false, "": false,
		} {
			if got := directory.AllowsOrigin(origin); got != want {
				t.Errorf("%s: %t", origin, got)
			}
		}

		if !applications.MayCall(directory.Find("one"), one) || applications.MayCall(directory.Find("one"), two) {
			t.Error("an application is called from the pages of another")
		}

		b.create("any", false, applications.Change{Origins: []string{applications.AnyOrigin}})
		if any := b.directory(); !any.AllowsOrigin("https://else.example") ||
			!applications.MayCall(any.Find("any"), "null") {
			t.Error("a star does not allow all origins")
		}

		_, err = b.Disable(t.Context(), access.Operator(), "any")
		must(t, err)
		if b.directory().AllowsOrigin("https://else.example") {
			t.Error("a disabled application allows its origins")
		}
		if (&applications.Directory{Store: b.Store}).AllowsOrigin(one) {
			t.Error("an origin is allowed before the first Reload")
		}
	})
}
