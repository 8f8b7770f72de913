package password

import (
	"regexp"

	"github.com/go-crypt/crypt/algorithm/scrypt"
)

// The limits for one scrypt hash. N × r × p = 2^20 is one pass over 128 MiB, the most expensive
// setting that OWASP recommends. r and p have their own limits, because they allocate memory even
// when N is small.
const (
	maxScryptLog2N     = 20
	maxScryptBlockSize = 32
	maxScryptLanes     = 16
	maxScryptBlocks    = 1 << 20
)

// scryptPattern is the PHC string format as passlib and go-crypt write it.
var scryptPattern = regexp.MustCompile(
	`^\$scrypt\$ln=([1-9]\d*),r=([1-9]\d*),p=([1-9]\d*)\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]{22,}$`)

func readScrypt(captured []string) (matcher, error) {
	log2N, blockSize, lanes := number(captured[1]), number(captured[2]), number(captured[3])
	if log2N > maxScryptLog2N || blockSize > maxScryptBlockSize || lanes > maxScryptLanes ||
		blockSize*lanes<<log2N > maxScryptBlocks {
		return nil, ErrTooCostly
	}
	return decoded(scrypt.Decode(captured[0]))
}
