package password_test

import (
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/authtickets/authtickets/password"
	"github.com/authtickets/authtickets/secret"
)

func TestAcceptable(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		want   error
		plains []string
	}{
		"OK":         {nil, []string{"a", " a ", "lètmein", "パスワード", "tab\there", strings.Repeat("a", 1024)}},
		"ErrEmpty":   {password.ErrEmpty, []string{"", " ", "\t\n", "\u00a0\u3000"}},
		"ErrTooLong": {password.ErrTooLong, []string{strings.Repeat("a", 1025), strings.Repeat("é", 513)}},
		"ErrNotText": {password.ErrNotText, []string{"pw\x00pw", "pw\x00", "\x00", "l\xe8tmein"}},
	}

	hasher := newHasher(t, tiny())
	hash := hashOf(t, hasher, "pw")
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			for _, text := range test.plains {
				plain := secret.New(text)
				_, hashing := hasher.Hash(t.Context(), plain)
				_, checking := hasher.Check(t.Context(), hash, plain)

				for method, err := range map[string]error{
					"Acceptable":   password.Acceptable(plain),
					"Hash":         hashing,
					"Check":        checking,
					"CheckUnknown": checkUnknown(t.Context(), hasher, plain),
				} {
					if !errors.Is(err, test.want) {
						t.Errorf("%s(%.20q) = %v", method, text, err)
					}
				}
			}
		})
	}
}

func TestNew(t *testing.T) {
	t.Parallel()

	t.Run("Defaults", func(t *testing.T) {
		t.Parallel()
		hash := hashOf(t, newHasher(t, password.Settings{}), "pw").Reveal()
		form := regexp.MustCompile(`^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`)
		if !form.MatchString(hash) {
			t.Error(hash)
		}
	})

	t.Run("MemoryRoundedDown", func(t *testing.T) {
		t.Parallel()

		hasher := newHasher(t, password.Settings{MemoryKiB: 71, Iterations: 1, Parallelism: 4})
		hash := hashOf(t, hasher, "pw")
		if !strings.HasPrefix(hash.Reveal(), "$argon2id$v=19$m=64,t=1,p=4$") {
			t.Error(hash.Reveal())
		}
		if got := check(t, hasher, hash, "pw"); got != (password.Result{Matches: true}) {
			t.Errorf("%+v", got)
		}
	})

	t.Run("AllFaults", func(t *testing.T) {
		t.Parallel()

		_, err := password.New(
			password.Settings{MemoryKiB: 1 << 20, Iterations: -1, Parallelism: -1, Concurrent: -1, Wait: -1},
		)
		want := []string{
			"password: parallelism: must be from 1 to 16",
			"password: memory: must be from 8 × parallelism to 131072 KiB",
			"password: iterations: must be at least 1, and memory × iterations at most 655360 KiB",
			"password: concurrent: must be at least 1",
			"password: wait: must not be negative",
		}
		if diff := cmp.Diff(want, strings.Split(fmt.Sprint(err), "\n")); diff != "" {
			t.Error(diff)
		}
	})

	t.Run("ErrEach", func(t *testing.T) {
		t.Parallel()

		for _, settings := range []password.Settings{
			{MemoryKiB: 7},
			{MemoryKiB: 31, Parallelism: 4},
			{MemoryKiB: 128<<10 + 4},
			{MemoryKiB: -8},
			{Iterations: 34},
			{MemoryKiB: 128 << 10, Iterations: 6},
			{Parallelism: 17},
		} {
			if _, err := password.New(settings); err == nil {
				t.Errorf("%+v is accepted", settings)
			}
		}
	})
}

func TestCheckCurrentHash(t *testing.T) {
	t.Parallel()

	hasher := newHasher(t, tiny())
	acceptable := rapid.String().Filter(func(s string) bool { return password.Acceptable(secret.New(s)) == nil })
	rapid.Check(t, func(r *rapid.T) {
		plain, other := acceptable.Draw(r, "plain"), acceptable.Draw(r, "other")
		hash := hashOf(t, hasher, plain)
		if external, err := password.Inspect(hash); external || err != nil {
			r.Errorf("Inspect = %t, %v", external, err)
		}
		if got := check(t, hasher, hash, plain); got != (password.Result{Matches: true}) {
			r.Errorf("Check of the password = %+v", got)
		}

		if got := check(t, hasher, hash, other); got != (password.Result{Matches: plain == other}) {
			r.Errorf("Check of another = %+v", got)
		}
		if hash.Reveal() == hashOf(t, hasher, plain).Reveal() {
			r.Error("two hashes have the same salt")
		}
	})
}

func TestCheckOutdated(t *testing.T) {
	t.Parallel()

	old := hashOf(t, newHasher(t, tiny()), "pw")
	for name, current := range map[string]password.Settings{
		"Memory":      {MemoryKiB: 16, Iterations: 1},
		"Iterations":  {MemoryKiB: 8, Iterations: 11},
		"Parallelism": {MemoryKiB: 16, Iterations: 1, Parallelism: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			hasher := newHasher(t, current)
			if got := check(t, hasher, old, "pw"); got != (password.Result{Matches: true, Outdated: true}) {
				t.Errorf("%+v", got)
			}
			if got := check(t, hasher, old, "wrong"); got != (password.Result{Outdated: true}) {
				t.Errorf("wrong password: %+v", got)
			}
		})
	}
}

// Bcrypt reads only 72 bytes. A library that does not check the length accepts any tail after them.
func TestCheckBcryptTail(t *testing.T) {
	t.Parallel()

	const bytes72 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	hasher := newHasher(t, tiny())
	hash := secret.New("$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui")

	for plain, want := range map[string]bool{
		bytes72:                                true,
		bytes72 + "x":                          false,
		bytes72 + "chars after 72 are ignored": false,
		bytes72[:71]:                           false,
	} {
		if got := check(t, hasher, hash, plain); got.Matches != want {
			t.Errorf("%d bytes: %+v", len(plain), got)
		}
	}
}

// A wrong guess must cost the same whether the hash is current, cheap, unreadable or missing.
// Argon2 allocates the memory that it works on, so the allocated bytes measure the work. Unlike
// time, they do not depend on what else the machine does.
//
//nolint:paralleltest // it counts what the whole process allocates
func TestCheckCostsTheSame(t *testing.T) {
	const memory = 4096 << 10
	hasher := newHasher(t, password.Settings{MemoryKiB: memory >> 10})
	guess := secret.New("wrong")
	guesses := map[string]func(){"NoAccount": func() { _ = checkUnknown(t.Context(), hasher, guess) }}

	for name, hash := range map[string]secret.Text{
		"Current":       hashOf(t, hasher, "pw"),
		"Cheap":         secret.New("{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr"),
		"UnknownFormat": secret.New("no hash"),
		"TooCostly":     secret.New("$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
		"NoHash":        {},
	} {
		guesses[name] = func() { _, _ = hasher.Check(t.Context(), hash, guess) }
	}

	for name, guess := range guesses {
		if got := allocated(guess); got < memory || got > memory+memory/20 {
			t.Errorf("%s: %d bytes, want %d", name, got, memory)
		}
	}
}

func allocated(run func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	run()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func BenchmarkHash(b *testing.B) {
	hasher := newHasher(b, password.Settings{})
	for b.Loop() {
		hashOf(b, hasher, "correct horse battery staple")
	}
}

func BenchmarkCheck(b *testing.B) {
	hasher := newHasher(b, password.Settings{})
	hash := hashOf(b, hasher, "correct horse battery staple")
	for b.Loop() {
		check(b, hasher, hash, "correct horse battery staple")
	}
}
