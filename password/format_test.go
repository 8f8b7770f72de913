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

// A vector is a known answer: a hash, and the password that its source gives for it.
type vector struct{ source, plain, hash string }

func vectors() map[string][]vector {
	const longText = "a very much longer text to encrypt.  This one even stretches over morethan one line."
	const bytes72 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	return map[string][]vector{
		// From the reference implementation of argon2, src/test.c. The vectors of RFC 9106 use a
		// secret and associated data, which a PHC string cannot hold.
		"argon2": {
			{
				"argon2id",
				"password",
				"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
			},
			{
				"argon2id, two lanes",
				"password",
				"$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
			},
			{
				"argon2id, 64 MiB",
				"password",
				"$argon2id$v=19$m=65536,t=1,p=1$c29tZXNhbHQ$9qWtwbpyPd3vm1rB1GThgPzZ3/ydHL92zKL+15XZypg",
			},
			{
				"argon2i",
				"password",
				"$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8",
			},
			{
				"argon2i, two lanes",
				"password",
				"$argon2i$v=19$m=256,t=2,p=2$c29tZXNhbHQ$T/XOJ2mh1/TIpJHfCdQan76Q5esCFVoT5MAeIM1Oq2E",
			},
		},
		// From Openwall crypt_blowfish, wrapper.c, which OpenBSD's tests share. There, the last
		// password ends in "chars after 72 are ignored": see TestCheckBcryptTail.
		"bcrypt": {
			{"2a", "U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
			{"2b", "U*U*", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"},
			{"2y", "U*U*U", "$2y$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"},
			{"72 bytes", bytes72, "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui"},
		},
		// From RFC 7914, section 12, with the salts "NaCl" and "SodiumChloride".
		"scrypt": {
			{
				"16 lanes", "password",
				"$scrypt$ln=10,r=8,p=16$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWIurzDZLiKjiG/xCSedmDDaxy" +
					"evuUqD7m2DYMvfoswGQA",
			},
			{
				"16 MiB", "pleaseletmein",
				"$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$" +
					"cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw",
			},
		},
		"pbkdf2": {
			{"RFC 6070", "password", "$pbkdf2$4096$c2FsdA$SwB5AbdlSJq.rUnZJvch0GWkKcE"},
			{"RFC 7914 §11", "Password", "$pbkdf2-sha256$80000$TmFDbA$TdzY9guYviGDDO5e8icB.WQaRBjQTAQUrv8Ih2s0q1Y"},
			{"passlib tests, sha1", "password", "$pbkdf2$1212$OB.dtnSEXZK8U5cgxU/GYQ$y5LKPOplRmok7CZp/aqVDVg8zGI"},
			{
				"passlib tests, sha256",
				"password",
				"$pbkdf2-sha256$1212$4vjV83LKPjQzk31VI4E0Vw$hsYF68OiOUPdDZ1Fg.fJPeq1h/gXXY7acBp9/6c.tmQ",
			},
			{
				"passlib tests, sha512", "password",
				"$pbkdf2-sha512$1212$RHY0Fr3IDMSVO/RSZyb5ow$" +
					"eNLfBK.eVozomMr.1gYa17k9B7KIK25NOEshvhrSX.esqY3s.FvWZViXz4KoLlQI.BzY/YTNJOiKc5gBYFYGww",
			},
			{"OpenSSL, sha1", "Password", "$pbkdf2-sha1$1000$TmFDbA$KukrjzMHaApbEWjkW4gRBA4hH28"},
			{"OpenSSL, sha224", "Password", "$pbkdf2-sha224$1000$TmFDbA$eSILGoCCc90g26bhViGpCM4RwpZNjwqvceRkSg"},
			{
				"OpenSSL, sha384",
				"Password",
				"$pbkdf2-sha384$1000$TmFDbA$ekA6nHtrLADlKvqxPmAjbvtAiX.Igphdc5AZpDA3ivjiNWNQWPX9gkLgGPlEZ7r0",
			},
		},
		// From https://www.akkadia.org/drepper/SHA-crypt.txt.
		"sha-crypt": {
			{"sha256, default rounds", "Hello world!", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"},
			{
				"sha256, long salt",
				"Hello world!",
				"$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA",
			},
			{
				"sha256, long text",
				longText,
				"$5$rounds=1400$anotherlongsalts$Rx.j8H.h8HjEDGomFU8bDkXm3XIUnzyxf12oP84Bnq1",
			},
			{
				"sha256, fewest rounds",
				"the minimum number is still observed",
				"$5$rounds=1000$roundstoolow$yfvwcWrQ8l/K0DAWyuPMDNHpIVlTQebY9l/gL972bIC",
			},
			{
				"sha512, default rounds", "Hello world!",
				"$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
			},
			{
				"sha512, long salt", "Hello world!",
				"$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy" +
					"/YTBmSK6H9qs/y3RnOaw5v.",
			},
			{
				"sha512, long text", longText,
				"$6$rounds=1400$anotherlongsalts$POfYwTEok97VWcjxIiSOjiykti.o/pQs.wPvMxQ6Fm7I6IoYN3CmLs66x9t0oSwb" +
					"tEW7o7UmJEiDwGqd8p4ur1",
			},
		},
		"phpass": {
			{"phpass 0.3, test.php", "test12345", "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0"},
			{"John the Ripper, phpBB", "123456", "$H$9PE8jEklgZhgLmZl5.HYJAzfGCQtzi1"},
			{"John the Ripper, WordPress", "JohnRipper", "$P$B12345678L6Lpt4BxNotVIMILOa9u81"},
		},
		// From Django, tests/auth_tests/test_hashers.py, versions 1.4 and 1.5.
		"django": {
			{"1.4, sha256", "letmein", "pbkdf2_sha256$10000$seasalt$FQCNpiZpTb0zub+HBsH6TOwyRxJ19FwvjbweatNmK/Y="},
			{"1.5, sha256", "lètmein", "pbkdf2_sha256$10000$seasalt$CWWFdHOWwPnki7HvkcqN9iA2T3KLW1cf2uZ5kvArtVY="},
			{"1.4, sha1", "letmein", "pbkdf2_sha1$10000$seasalt$91JiNKgwADC8j2j86Ije/cc4vfQ="},
			{"1.5, sha1", "lètmein", "pbkdf2_sha1$10000$seasalt$oAfF6vgs95ncksAhGXOWf4Okq7o="},
		},
		"ldap": {
			{"passlib tests, salt of 4", "testing123", "{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr"},
			{"passlib tests, salt of 16", "test", "{SSHA}Pfx6Vf48AT9x3FVv8znbo8WQkEVSipHSWovxXmvNWUvp/d/7"},
			{
				"jsimonetti/pwscheme tests, sha256",
				"test123",
				"{SSHA256}czO44OTV17PcF1cRxWrLZLy9xHd7CWyVYplr1rOhuMlx/7IK",
			},
			{
				"jsimonetti/pwscheme tests, sha512", "test123",
				"{SSHA512}xPUl/px+1cG55rUH4rzcwxdOIPSB2TingLpiJJumN2xyDWN4Ix1WQG3ihnvHaWUE8MYNkvMi5rf0C9NYixHsE6Yh59M=",
			},
			{"small label", "testing123", "{ssha}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr"},
			{"label of crypt", "Hello world!", "{crypt}$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"},
			{
				"label of argon2",
				"password",
				"{ARGON2}$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
			},
			{
				"label of pbkdf2",
				"password",
				"{PBKDF2-SHA256}1212$4vjV83LKPjQzk31VI4E0Vw$hsYF68OiOUPdDZ1Fg.fJPeq1h/gXXY7acBp9/6c.tmQ",
			},
		},
	}
}

func TestCheckKnownAnswers(t *testing.T) {
	t.Parallel()

	hasher := newHasher(t, tiny())
	for family, known := range vectors() {
		for _, v := range known {
			t.Run(family+"/"+v.source, func(t *testing.T) {
				t.Parallel()

				hash := secret.New(v.hash)
				external, err := password.Inspect(hash)
				if want := !strings.HasPrefix(v.hash, "$argon2id$"); err != nil || external != want {
					t.Errorf("Inspect = %t, %v; want %t", external, err, want)
				}
				if got := check(t, hasher, hash, v.plain); got != (password.Result{Matches: true, Outdated: true}) {
					t.Errorf("Check of the password = %+v", got)
				}

				capital := strings.ToUpper(v.plain[:1]) + v.plain[1:]
				for _, wrong := range []string{v.plain + "x", v.plain[1:] + "x", capital + " "} {
					if got := check(t, hasher, hash, wrong); got != (password.Result{Outdated: true}) {
						t.Errorf("Check of %q = %+v", wrong, got)
					}
				}
			})
		}
	}
}

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
