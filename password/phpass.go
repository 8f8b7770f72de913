package password

import (
	"crypto/md5" //nolint:gosec // this format uses it, and we only check such hashes
	"crypto/subtle"
	"regexp"
	"slices"
	"strings"
)

const (
	minPHPassLog2 = 7 // the smallest that the reference implementation accepts
	maxPHPassLog2 = 20
	phpassDigits  = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// phpassPattern is a portable hash of phpass (https://www.openwall.com/phpass/), as WordPress ($P$)
// and phpBB ($H$) stored it. One digit stands for the iterations and eight for the salt. The rest
// is the digest.
var phpassPattern = regexp.MustCompile(`^\$[PH]\$([./A-Za-z0-9])([./A-Za-z0-9]{8})([./A-Za-z0-9]{22})$`)

func readPHPass(captured []string) (matcher, error) {
	log2 := strings.Index(phpassDigits, captured[1])
	salt, digest := captured[2], captured[3]
	switch {
	case log2 > maxPHPassLog2:
		return nil, ErrTooCostly
	case log2 < minPHPassLog2:
		return nil, ErrUnknownFormat
	}

	return func(plain string) bool {
		sum := md5.Sum([]byte(salt + plain)) //nolint:gosec // see the import
		input := append(sum[:], plain...)
		for range 1 << log2 {
			sum = md5.Sum(input) //nolint:gosec // see the import
			copy(input, sum[:])
		}

		return subtle.ConstantTimeCompare(phpassEncode(sum[:]), []byte(digest)) == 1
	}, nil
}

// phpassEncode writes three bytes as four digits, the lowest bits first.
func phpassEncode(bytes []byte) []byte {
	var digits []byte
	for three := range slices.Chunk(bytes, 3) {
		var bits int
		for i, b := range three {
			bits |= int(b) << (8 * i)
		}

		for range len(three) + 1 {
			digits = append(digits, phpassDigits[bits&63])
			bits >>= 6
		}
	}

	return digits
}
