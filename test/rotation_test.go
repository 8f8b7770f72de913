package test_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/tink-crypto/tink-go/v2/daead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
)

// A change of keys signs nobody out who refreshes while both keys are in use. Afterwards, tokens of
// the old key are invalid.
func TestRotation(t *testing.T) {
	t.Parallel()

	manager := keyset.NewManager()
	add := func() uint32 {
		id, err := manager.Add(daead.AESSIVKeyTemplate())
		must(t, err)
		must(t, manager.SetPrimary(id))
		return id
	}

	keys := func() *seal.Keys {
		handle, err := manager.Handle()
		must(t, err)
		var text bytes.Buffer
		must(t, insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&text)))
		file, err := seal.ParseMaster(secretText(text.String()))
		must(t, err)
		parsed, err := seal.NewKeys(seal.Dated{Keyset: file.Own(), Number: 1})
		must(t, err)

		return parsed
	}

	first := add()
	old := keys()
	add()
	both := keys()
	must(t, manager.Delete(first))
	next := keys()

	onEach(t, func(t *testing.T, o *office) {
		before := openWith(t, o.url, old, o.clock)
		during := openWith(t, o.url, both, o.clock)
		after := openWith(t, o.url, next, o.clock)
		before.customer("ada")
		for name, held := range map[string]ticket{
			"anonymous": before.anonymous(), "refreshed": before.refresh(before.anonymous().RefreshToken),
			"customer": before.signIn("ada"),
		} {
			expect(t, during.currentShopper("userId", "Authorization", "Bearer "+held.AccessToken), "")
			renewed := during.refresh(held.RefreshToken)
			if renewed.UserID != held.UserID {
				t.Errorf("%s: continues as somebody else", name)
			}

			expect(t, before.tryRefresh(renewed.RefreshToken), models.ReasonTokenInvalid)
			expect(t, after.tryRefresh(held.RefreshToken), models.ReasonTokenInvalid)
			expect(
				t,
				after.currentShopper("userId", "Authorization", "Bearer "+held.AccessToken),
				models.ReasonTokenInvalid,
			)

			// A server that has only the old key returns the same ticket. It is sealed with that
			// key, and just as valid.
			during.refresh(before.refresh(held.RefreshToken).RefreshToken)
			o.clock.Pass(time.Second)
			if last := after.refresh(renewed.RefreshToken); last.UserID != held.UserID {
				t.Errorf("%s: continues as somebody else", name)
			}
		}
	})
}
