package seal_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/tink-crypto/tink-go/v2/daead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
)

// parsed returns the keys of a manager, written to JSON and parsed as a key file.
func parsed(t *testing.T, manager *keyset.Manager) *seal.Keys {
	t.Helper()
	var text bytes.Buffer
	handle, err := manager.Handle()
	if err == nil {
		err = insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&text))
	}
	if err != nil {
		t.Fatal(err)
	}

	file, err := seal.ParseMaster(secret.New(text.String()))
	if err != nil {
		t.Fatal(err)
	}

	return mustKeys(t, seal.Dated{Keyset: file.Own(), Number: 1})
}

// The primary key seals. Every key opens tokens until it is removed.
func TestRotation(t *testing.T) {
	t.Parallel()
	manager := keyset.NewManager()
	add := func() uint32 {
		id, err := manager.Add(daead.AESSIVKeyTemplate())
		if err != nil {
			t.Fatal(err)
		}
		return id
	}

	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}

	first := add()
	do(manager.SetPrimary(first))
	old := parsed(t, manager)
	second := add()
	announced := parsed(t, manager)
	do(manager.SetPrimary(second))
	both := parsed(t, manager)
	do(manager.Delete(first))
	next := parsed(t, manager)

	for _, kind := range []seal.Kind{seal.Access, seal.Refresh} {
		ofOld, ofNext := mustSeal(t, old, sample(kind)), mustSeal(t, next, sample(kind))
		for name, c := range map[string]struct {
			keys                *seal.Keys
			seals               secret.Text
			opensOld, opensNext bool
		}{
			"old key alone":      {old, ofOld, true, false},
			"next key announced": {announced, ofOld, true, true},
			"next key primary":   {both, ofNext, true, true},
			"next key alone":     {next, ofNext, false, true},
		} {
			if mustSeal(t, c.keys, sample(kind)).Reveal() != c.seals.Reveal() {
				t.Errorf("%s: sealed under another key", name)
			}

			for token, opens := range map[secret.Text]bool{ofOld: c.opensOld, ofNext: c.opensNext} {
				_, err := c.keys.Open(kind, token)
				if opens != (err == nil) || !opens && !errors.Is(err, seal.ErrInvalid) {
					t.Errorf("%s: want opened %t, got the error %v", name, opens, err)
				}
			}
		}
	}
}
