package seal_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
)

var alphanumeric = regexp.MustCompile(`^[A-Za-z0-9]+$`)

func newKeys(t testing.TB) *seal.Keys {
	t.Helper()
	return mustKeys(t, dated(t, 1, time.Unix(0, 0), seal.NewSealKeyset))
}

func mustSeal(t testing.TB, keys *seal.Keys, contents seal.Contents) secret.Text {
	t.Helper()
	token, err := keys.Seal(contents)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func sample(kind seal.Kind) seal.Contents {
	at := time.Date(2026, 11, 24, 9, 30, 0, 123456000, time.UTC)
	return seal.Contents{
		Kind: kind, Application: "storefront", SessionID: [16]byte{1, 2, 3}, Generation: 7, UserID: [16]byte{4, 5, 6},
		Behaviors: []string{"cart.write", "catalog.read"},
		StartedAt: at.Add(-time.Hour), IssuedAt: at, ExpiresAt: at.Add(15 * time.Minute),
	}
}

func TestSealAndOpen(t *testing.T) {
	t.Parallel()
	keys := newKeys(t)
	instant := rapid.Custom(func(t *rapid.T) time.Time {
		return time.UnixMicro(rapid.Int64Range(0, 1<<52).Draw(t, "micros")).UTC()
	})

	rapid.Check(t, func(t *rapid.T) {
		contents := seal.Contents{
			Kind:        rapid.SampledFrom(allKinds()).Draw(t, "kind"),
			Application: rapid.String().Draw(t, "application"),
			SessionID:   [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "session")),
			UserID:      [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "user")),
			Generation:  rapid.Int64Min(0).Draw(t, "generation"),
			Anonymous:   rapid.Bool().Draw(t, "anonymous"),
			StartedAt:   instant.Draw(t, "started"),
			IssuedAt:    instant.Draw(t, "issued"),
			ExpiresAt:   instant.Draw(t, "expires"),
		}
		if contents.Kind == seal.ApplicationAccess || contents.Kind == seal.ApplicationRefresh {
			contents.SecretID, contents.UserID = contents.UserID, [16]byte{}
			address, _ := netip.AddrFromSlice(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "address"))
			addresses := rapid.SampledFrom([]netip.Addr{{}, address, netip.IPv6Loopback()})
			contents.Address = addresses.Draw(t, "kind of address")
		}
		if behaviors := rapid.SliceOf(rapid.String()).Draw(t, "behaviors"); len(behaviors) > 0 {
			contents.Behaviors = behaviors
		}

		token, err := keys.Seal(contents)
		if err != nil {
			t.Fatal(err)
		}

		again, err := keys.Seal(contents)
		if err != nil || again.Reveal() != token.Reveal() {
			t.Fatal("sealing the same contents twice gave two tokens")
		}
		if !alphanumeric.MatchString(token.Reveal()) {
			t.Fatalf("token has more than letters and digits: %q", token.Reveal())
		}

		opened, err := keys.Open(contents.Kind, token)
		if err != nil {
			t.Fatal(err)
		}
		if diff := diff(contents, opened); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	keys := newKeys(t)
	access := mustSeal(t, keys, sample(seal.Access)).Reveal()
	refresh := mustSeal(t, keys, sample(seal.Refresh)).Reveal()

	for name, token := range map[string]string{
		"an access token":  access,
		"empty":            "",
		"blank":            " ",
		"padded":           refresh + "=",
		"blank at the end": refresh + " ",
		"newline at end":   refresh + "\n",
		"cut":              refresh[:len(refresh)-1],
		"cut in front":     refresh[1:],
		"longer":           refresh + "A",
		"lower case":       strings.ToLower(refresh),
		"another server's": mustSeal(t, newKeys(t), sample(seal.Refresh)).Reveal(),
		"100 kB":           strings.Repeat("A", 100_000),
		"NUL":              "\x00",
		"emoji":            "🎫",
		"not UTF-8":        "\xff\xfe",
		"JWT":              "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
	} {
		if _, err := keys.Open(seal.Refresh, secret.New(token)); !errors.Is(err, seal.ErrInvalid) {
			t.Errorf("%s: got error %v", name, err)
		}
	}
	if _, err := keys.Open(seal.Access, secret.New(refresh)); !errors.Is(err, seal.ErrInvalid) {
		t.Error("a refresh token was accepted as access token")
	}

	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.+/ "
	for i := range refresh {
		for _, other := range alphabet {
			changed := refresh[:i] + string(other) + refresh[i+1:]
			_, err := keys.Open(seal.Refresh, secret.New(changed))
			if changed != refresh && !errors.Is(err, seal.ErrInvalid) {
				t.Fatalf("accepted with %q at %d", other, i)
			}
		}
	}
}

func TestRefreshTokenIsShort(t *testing.T) {
	t.Parallel()
	longest := sample(seal.Refresh)
	longest.Application, longest.Behaviors, longest.Generation = strings.Repeat("a", 32), nil, 1<<40
	longest.StartedAt = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
	longest.IssuedAt = longest.StartedAt.AddDate(2, 0, 0)
	longest.ExpiresAt = longest.IssuedAt.AddDate(2, 0, 0)
	if token := mustSeal(t, newKeys(t), longest).Reveal(); len(token) > 200 {
		t.Errorf("%d characters", len(token))
	}
}

// createKeyFile creates a key file, and returns its path and its text.
func createKeyFile(t *testing.T) (path, text string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "keys.json")
	if err := seal.CreateFile(path); err != nil {
		t.Fatal(err)
	}

	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, string(content)
}

func writeKeyFile(t *testing.T, text string, mode fs.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestKeyFiles(t *testing.T) {
	t.Parallel()
	created, good := createKeyFile(t)

	t.Run("CreatedPrivate", func(t *testing.T) {
		t.Parallel()
		if info, err := os.Stat(created); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, error %v", info.Mode(), err)
		}
		if err := seal.CreateFile(created); !errors.Is(err, fs.ErrExist) {
			t.Errorf("a second keyset in the same place: %v", err)
		}
		if left, _ := filepath.Glob(filepath.Join(filepath.Dir(created), ".keys-*")); len(left) > 0 {
			t.Errorf("drafts left behind: %v", left)
		}
	})

	t.Run("ErrReadableByOthers", func(t *testing.T) {
		t.Parallel()
		if _, err := seal.LoadMaster(writeKeyFile(t, good, 0o644)); !errors.Is(err, seal.ErrReadableByOthers) {
			t.Error(err)
		}
	})

	t.Run("ErrNotExist", func(t *testing.T) {
		t.Parallel()
		if _, err := seal.LoadMaster(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
	})

	t.Run("ErrNotAKeyset", func(t *testing.T) {
		t.Parallel()
		for _, text := range []string{"", "secret", "{}", `{"primaryKeyId":1,"key":[]}`, good[:len(good)/2]} {
			if _, err := seal.LoadMaster(writeKeyFile(t, text, 0o600)); !errors.Is(err, seal.ErrNotAKeyset) {
				t.Errorf("%q: %v", text, err)
			} else if len(text) > 3 && strings.Contains(err.Error(), text) {
				t.Errorf("the error quotes the file: %v", err)
			}
		}
	})
}

func TestErrWeakKeys(t *testing.T) {
	t.Parallel()
	_, good := createKeyFile(t)
	pattern := func(next func(i int) int) []byte {
		key := make([]byte, 64)
		for i := range key {
			key[i] = byte(next(i))
		}
		return key
	}

	half := make([]byte, 32)
	_, _ = rand.Read(half)

	for name, key := range map[string][]byte{
		"zeros":           pattern(func(int) int { return 0 }),
		"counts up":       pattern(func(i int) int { return i }),
		"counts down":     pattern(func(i int) int { return 63 - i }),
		"counts in steps": pattern(func(i int) int { return i*37 + 11 }),
		"a half twice":    append(half, half...),
		"typed":           bytes.Repeat([]byte("changeme"), 8),
	} {
		value := base64.StdEncoding.EncodeToString(append([]byte{0x12, byte(len(key))}, key...))
		weak := regexp.MustCompile(`"value":\s*"[^"]+"`).ReplaceAllLiteralString(good, `"value":"`+value+`"`)
		if _, err := seal.LoadMaster(writeKeyFile(t, weak, 0o600)); !errors.Is(err, seal.ErrWeakKeys) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	keys := newKeys(f)
	f.Add(mustSeal(f, keys, sample(seal.Access)).Reveal())
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Fuzz(func(t *testing.T, text string) {
		for _, kind := range allKinds() {
			contents, err := keys.Open(kind, secret.New(text))
			if err != nil {
				continue
			}
			if again := mustSeal(t, keys, contents).Reveal(); again != text {
				t.Errorf("opened %q, which seals as %q", text, again)
			}
		}
	})
}

func BenchmarkSealAndOpen(b *testing.B) {
	keys, contents := newKeys(b), sample(seal.Access)
	for b.Loop() {
		if _, err := keys.Open(seal.Access, mustSeal(b, keys, contents)); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, kind := range allKinds() {
		f.Add(seal.Encode(sampleOf(kind)))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		contents, err := seal.Decode(in)
		if err != nil {
			return
		}

		again, err := seal.Decode(seal.Encode(contents))
		if err != nil {
			t.Fatal(err)
		}
		if diff := diff(contents, again); diff != "" {
			t.Error(diff)
		}
	})
}
