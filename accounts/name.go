package accounts

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"

	"github.com/authtickets/authtickets/models"
)

// maxName is how long a name may be, in characters. An e-mail address cannot be longer (RFC 5321
// section 4.5.3.1).
const maxName = 254

// NormalName returns the form in which a user name or e-mail address is stored and looked up. It is
// the form of RFC 8265 section 3.3 (UsernameCaseMapped). A name with several parts, separated by
// single spaces, has each part in that form (section 3.5).
//
// So upper and lower case, wide and narrow, composed and decomposed letters count as the same. It
// refuses control characters, directional marks and invisible characters. The error is a
// models.Error with the reason USERNAME_INVALID.
func NormalName(name string) (string, error) {
	if name == "" || len(name) > maxName*utf8.UTFMax || utf8.RuneCountInString(name) > maxName {
		return "", &models.Error{Reason: models.ReasonUsernameInvalid}
	}

	parts := strings.Split(name, " ")
	for i, part := range parts {
		normal, err := precis.UsernameCaseMapped.String(part)
		if err != nil || part == "" {
			return "", &models.Error{Reason: models.ReasonUsernameInvalid}
		}
		parts[i] = normal
	}

	normal := strings.Join(parts, " ")
	if utf8.RuneCountInString(normal) > maxName {
		return "", &models.Error{Reason: models.ReasonUsernameInvalid}
	}
	return normal, nil
}
