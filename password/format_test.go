package password_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/password"
	"github.com/authtickets/authtickets/secret"
)

func TestInspectRefuses(t *testing.T) {
	t.Parallel()

	const (
		argon2Tail   = "$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
		scryptTail   = "$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI"
		bcryptTail   = "$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
		pbkdf2Tail   = "$TmFDbA$TdzY9guYviGDDO5e8icB.WQaRBjQTAQUrv8Ih2s0q1Y"
		sha256Tail   = "$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"
		djangoTail   = "$seasalt$FQCNpiZpTb0zub+HBsH6TOwyRxJ19FwvjbweatNmK/Y="
		portableTail = "IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0"
	)

	tests := map[string]struct {
		want   error
		hashes []string
	}{
		"ErrTooCostly": {password.ErrTooCostly, []string{
			"$argon2id$v=19$m=4194304,t=1,p=1" + argon2Tail,
			"$argon2id$v=19$m=131073,t=1,p=1" + argon2Tail,
			"$argon2id$v=19$m=65536,t=11,p=1" + argon2Tail,
			"$argon2id$v=19$m=8,t=4294967295,p=1" + argon2Tail,
			"$argon2id$v=19$m=99999999999999999999,t=99999999999999999999,p=1" + argon2Tail,
			"$argon2i$v=19$m=65536,t=1,p=17" + argon2Tail,
			"$argon2i$v=19$m=8,t=1,p=4294967295" + argon2Tail,
			"$2b$15" + bcryptTail,
			"$2b$31" + bcryptTail,
			"$2b$99" + bcryptTail,
			"$scrypt$ln=18,r=8,p=1" + scryptTail,
			"$scrypt$ln=14,r=8,p=9" + scryptTail,
			"$scrypt$ln=1,r=33,p=1" + scryptTail,
			"$scrypt$ln=1,r=1,p=17" + scryptTail,
			"$scrypt$ln=63,r=1,p=1" + scryptTail,
			"$scrypt$ln=99999999999999999999,r=1,p=1" + scryptTail,
			"$pbkdf2-sha256$2000001" + pbkdf2Tail,
			"$pbkdf2-sha256$99999999999999999999" + pbkdf2Tail,
			"{PBKDF2-SHA256}2000001" + pbkdf2Tail,
			"$5$rounds=1000001" + sha256Tail,
			"$5$rounds=999999999" + sha256Tail,
			"$P$J" + portableTail,
			"$H$z" + portableTail,
			"pbkdf2_sha256$2000001" + djangoTail,
		}},
		"ErrUnknownFormat": {password.ErrUnknownFormat, []string{
			"", " ", "$", "$$$$$", "{", "}", "{}", "{SSHA}", "{CRYPT}", "{CRYPT}{CRYPT}", "\x00", "\xff",
			"password", "plaintext:password", "$plaintext$password", "{CLEARTEXT}password",
			"5f4dcc3b5aa765d61d8327deb882cf99", "{MD5}X03MO1qnZdYdgyfeuILPmQ==", "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
			"$1$dOHYPKoP$tnxS1T8Q6VVn3kpV8cN6o.",
			"$sha1$40000$jtNX3nZ2$hBNaIXkt4wBI2o5rsi8KejSjNqIq",
			"$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7",
			// argon2: other variants and versions, bad numbers, wrong order, missing or short
			// parts, a tail.
			"$argon2d$v=19$m=256,t=2,p=1" + argon2Tail,
			"$argon2id$v=16$m=256,t=2,p=1" + argon2Tail,
			"$argon2id$m=256,t=2,p=1" + argon2Tail,
			"$argon2id$v=19$m=0,t=2,p=1" + argon2Tail,
			"$argon2id$v=19$m=256,t=0,p=1" + argon2Tail,
			"$argon2id$v=19$m=256,t=2,p=0" + argon2Tail,
			"$argon2id$v=19$m=256,t=02,p=1" + argon2Tail,
			"$argon2id$v=19$m=256,t=-2,p=1" + argon2Tail,
			"$argon2id$v=19$m=15,t=2,p=2" + argon2Tail,
			"$argon2id$v=19$t=2,m=256,p=1" + argon2Tail,
			"$argon2id$v=19$m=256,t=2,p=1" + argon2Tail + "\n",
			"$argon2id$v=19$m=256,t=2,p=1" + argon2Tail + "$",
			"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$",
			"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4r",
			"$argon2id$v=19$m=256,t=2,p=1$c29tZQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
			"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQxx$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
			"$argon2id$v=19$m=256,t=2,p=1$" + strings.Repeat("A", 500) + "$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
			"$2$05" + bcryptTail, "$2x$05" + bcryptTail, "$2b$5" + bcryptTail, "$2b$03" + bcryptTail,
			"$2b$00" + bcryptTail,
			"$2b$+5" + bcryptTail, "$2b$05" + bcryptTail[:53], "$2b$05" + bcryptTail + "x",
			"$scrypt$ln=0,r=8,p=1" + scryptTail, "$scrypt$ln=14,r=0,p=1" + scryptTail,
			"$scrypt$ln=14,r=8,p=0" + scryptTail,
			"$scrypt$ln=-1,r=8,p=1" + scryptTail, "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf04",
			"$pbkdf2$0$c2FsdA$SwB5AbdlSJq.rUnZJvch0GWkKcE", "$pbkdf2$-1$c2FsdA$SwB5AbdlSJq.rUnZJvch0GWkKcE",
			"$pbkdf2$4096$c2FsdA$SwB5AbdlSJq.rUnZJvch", "$pbkdf2$4096" + pbkdf2Tail, "$pbkdf2-md5$4096" + pbkdf2Tail,
			"$5$rounds=0" + sha256Tail, "$5$rounds=999" + sha256Tail, "$5$rounds=" + sha256Tail, "$6" + sha256Tail,
			"$5$saltstring$5B8vYYiY", "$5$saltstringsaltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
			"$P$4" + portableTail, "$P$." + portableTail, "$P$9" + portableTail[:29], "$P$!" + portableTail,
			"pbkdf2_sha256$0" + djangoTail, "pbkdf2_sha256$10000$$FQCNpiZpTb0zub+HBsH6TOwyRxJ19FwvjbweatNmK/Y=",
			"pbkdf2_sha256$10000$seasalt$FQCNpiZpTb0zub+HBsH6TOwyRw==", "pbkdf2_sha1$10000" + djangoTail,
			"pbkdf2_sha256$10000$seasalt$FQCNpiZpTb0zub+HBsH6TOwyRxJ19FwvjbweatNmK/Y",
			"{SSHA}0c0blFTXXNuAMHECS4s=", "{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieM=", "{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWIm",
			"{SSHA512}czO44OTV17PcF1cRxWrLZLy9xHd7CWyVYplr1rOhuMlx/7IK", "{SSHA1}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr",
		}},
	}

	hasher := newHasher(t, tiny())
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			for _, text := range test.hashes {
				hash := secret.New(text)
				_, err := password.Inspect(hash)
				if !errors.Is(err, test.want) {
					t.Errorf("Inspect(%q) = %v", text, err)
				}

				got, err := hasher.Check(t.Context(), hash, secret.New("password"))
				want := test.want
				if text == "" { // an account without a password
					want = nil
				}
				if !errors.Is(err, want) || got.Matches {
					t.Errorf("Check(%q) = %+v, %v", text, got, err)
				}

				if len(text) > 10 && strings.Contains(fmt.Sprint(err), text) {
					t.Errorf("the error repeats the hash: %v", err)
				}
			}
		})
	}
}

// FuzzInspect checks that every hash that Inspect accepts can be checked, and that nothing panics.
// It skips expensive hashes, because they would slow it down. TestInspectRefuses covers the costs.
func FuzzInspect(f *testing.F) {
	for _, known := range vectors() {
		for _, v := range known {
			f.Add(v.hash)
		}
	}

	expensive := regexp.MustCompile(`[0-9]{4,}|(ln|t)=[1-9][0-9]|^\$2.\$(0[6-9]|1)|^\$[PH]\$[^56789A]`)
	hasher := newHasher(f, tiny())
	f.Fuzz(func(t *testing.T, text string) {
		hash := secret.New(text)
		if _, err := password.Inspect(hash); err != nil || expensive.MatchString(text) {
			return
		}

		check(t, hasher, hash, "password")
		check(t, hasher, hash, strings.Repeat("long ", 20))
	})
}
