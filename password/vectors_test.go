package password_test

import (
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
