package seal_test

import (
	"encoding/hex"
	"errors"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
)

func allKinds() []seal.Kind {
	return []seal.Kind{seal.Access, seal.Refresh, seal.ApplicationAccess, seal.ApplicationRefresh}
}

// sampleOf is sample with what a token of each kind can have.
func sampleOf(kind seal.Kind) seal.Contents {
	contents := sample(kind)
	if kind == seal.ApplicationAccess || kind == seal.ApplicationRefresh {
		contents.SecretID, contents.UserID = contents.UserID, [16]byte{}
		contents.ApplicationEpoch, contents.Generation, contents.Behaviors = 9, 0, nil
	}
	return contents
}

// diff says how contents differ; "" if they do not.
func diff(a, b seal.Contents) string { return cmp.Diff(a, b, cmpopts.EquateComparable(netip.Addr{})) }

// A token of one kind never opens as another, even if it says the same.
func TestKindsAreApart(t *testing.T) {
	t.Parallel()
	keys := newKeys(t)
	for _, kind := range allKinds() {
		contents := sampleOf(kind)
		if contents.UserID == ([16]byte{}) {
			contents.Address = netip.MustParseAddr("192.0.2.1")
		}
		token := mustSeal(t, keys, contents)
		for _, as := range allKinds() {
			opened, err := keys.Open(as, token)
			if as != kind && !errors.Is(err, seal.ErrInvalid) {
				t.Errorf("a token of kind %d opens as %d: %v", kind, as, err)
			}
			if as == kind && (err != nil || diff(contents, opened) != "") {
				t.Errorf("kind %d: %v\n%s", kind, err, diff(contents, opened))
			}
		}
		if _, err := keys.Open(0, token); !errors.Is(err, seal.ErrInvalid) {
			t.Errorf("a token of kind %d opens as kind 0: %v", kind, err)
		}
	}
}

// The layout of each kind stays as it is, because other releases have issued and will read tokens.
func TestLayoutIsUnchanged(t *testing.T) {
	t.Parallel()
	withEpoch := sample(seal.Refresh)
	withEpoch.ApplicationEpoch = 0xfedcba98
	withAddress := sampleOf(seal.ApplicationAccess)
	withAddress.Address = netip.MustParseAddr("2001:db8::1")

	for want, contents := range map[string]seal.Contents{
		"01010001020300000000000000000000000000040506000000000000000000000000000e80d1a5c2b0c0b00680909de9" +
			"1a80a4a7da060a73746f726566726f6e74020a636172742e77726974650c636174616c6f672e72656164": sample(seal.Access),
		"02020001020300000000000000000000000000040506000000000000000000000000000e80d1a5c2b0c0b00680909de9" +
			"1a80a4a7da060a73746f726566726f6e74020a636172742e77726974650c636174616c6f672e72656164fedcba98": withEpoch,
		"02030001020300000000000000000000000000040506000000000000000000000000000080d1a5c2b0c0b00680909de9" +
			"1a80a4a7da060a73746f726566726f6e740000000009": sampleOf(seal.ApplicationAccess),
		"020302010203000000000000000000000000000405060000000000000000000000000020010db800000000000000000000" +
			"00010080d1a5c2b0c0b00680909de91a80a4a7da060a73746f726566726f6e740000000009": withAddress,
		"02040001020300000000000000000000000000040506000000000000000000000000000080d1a5c2b0c0b00680909de9" +
			"1a80a4a7da060a73746f726566726f6e740000000009": sampleOf(seal.ApplicationRefresh),
	} {
		if got := hex.EncodeToString(seal.Encode(contents)); got != want {
			t.Errorf("kind %d: got\n%s\nwant\n%s", contents.Kind, got, want)
		}
	}
}

// vectorKeys is a keyset for tests only.
const vectorKeys = `{"primaryKeyId":1626099286,"key":[{"keyData":{"typeUrl":"type.googleapis.com/google.crypto` +
	`.tink.AesSivKey","value":"EkBj8UrN7X0S+U/q9g0nk3q8qn89KvVtif2O6e2Zs28HTUuZ7ctXyZNI037k+88c` +
	`nb611QQwIC8RUk/NCPOSWiC1","keyMaterialType":"SYMMETRIC"},"status":"ENABLED","keyId":162609` +
	`9286,"outputPrefixType":"TINK"}]}`

// Tokens that were sealed once can be opened for ever.
func TestTokensAreUnchanged(t *testing.T) {
	t.Parallel()
	file, err := seal.ParseMaster(secret.New(vectorKeys))
	if err != nil {
		t.Fatal(err)
	}
	keys := mustKeys(t, seal.Dated{Keyset: file.Own(), Number: 1})
	for want, contents := range map[string]seal.Contents{
		"IWOrDfCFeR0YOfrF3Xe8O7pwIQD0zGw1xSDteoxpvZf7neRkoLQHUfvzOtf1ZQTUAyZO8YiWpt9Eiu1TMZ17EYe4bDel6sin" +
			"WLWumvaL03XUqMwvF3QKsfxsfzQdAteGolJ3VZA1JhnMcvapVOxOYBA": sample(seal.Access),
		"8s8UnlRtHMxUHekwdPkfmij9c0pNtx3a4nnFafEinZeMVXPbKABrLLBjdfUd6nRMxM2GKtckikQ2xFeTSptMPcIfeeIS7bcN" +
			"ZA5irMiACH9azKovNHZuMiLZg6XRYcFmOdEdJXNeb61K1sEW5E7gFA": sample(seal.Refresh),
		"EWMfc03nXmsVHfoFMNUfwx6THeBqJuZ1ZDVSYSel0yfC6QMGdYjp7uCAOannLxBPnu6Ffbrm4s94hpbknv3fn0b1et6QS3By" +
			"2c9kFq378BX5mOysNNWWtyJ2BLA": sampleOf(seal.ApplicationAccess),
		"dTXemJzQlJGekfLyxchyi0zmrKVVLTbb8XYfYGXYwdUcm3A8rbl1pVhNozwk5AxEyQ0YBMr0meQvNUzbzfnsQkiBx26fJpt2" +
			"T91f1MXu58RTOQOAQnlHW5E7gFA": sampleOf(seal.ApplicationRefresh),
	} {
		if got := mustSeal(t, keys, contents).Reveal(); got != want {
			t.Errorf("kind %d: got %s, want %s", contents.Kind, got, want)
		}
		if _, err := keys.Open(contents.Kind, secret.New(want)); err != nil {
			t.Errorf("kind %d: %v", contents.Kind, err)
		}
	}
}
