package accounts

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/password"
	"github.com/authtickets/authtickets/secret"
)

func (r *Record) setOptionalText(field *Field, to **string, value any) error {
	text, err := textOrNone(field.name, value)
	if err != nil {
		return err
	}
	if err := checkText(field.name, text, field.limit); err != nil {
		return err
	}

	*to = nil
	if text != "" {
		*to = &text
	}

	switch field.name {
	case userNameField:
		return r.setUserName(text)
	case emailAddressField:
		return r.setEmailAddress(text)
	case externalIDField:
		return checkEnds(field.name, text)
	}
	return nil
}

// textOrNone returns a text. For null it returns an empty text, which means the same.
func textOrNone(field string, value any) (string, error) {
	text, ok := value.(string)
	if !ok && value != nil {
		return "", refused("%s must be a text", field)
	}
	return text, nil
}

// checkText refuses a text that is too long for the column, is not UTF-8, or has control
// characters.
func checkText(field, text string, limit int) error {
	switch {
	case !utf8.ValidString(text):
		return refused("%s is not UTF-8", field)
	case len(text) > limit && utf8.RuneCountInString(text) > limit:
		return refused("%s is longer than %d characters", field, limit)
	case strings.ContainsFunc(text, unicode.IsControl):
		return refused("%s has a control character", field)
	}
	return nil
}

// checkEnds refuses blanks around a key, because MySQL ignores blanks at the end in comparisons.
func checkEnds(field, text string) error {
	if strings.TrimSpace(text) != text {
		return refused("%s must not begin or end with a blank", field)
	}
	return nil
}

func (r *Record) setUserName(text string) (err error) {
	if text == "" {
		return refused("userName must not be empty")
	}

	r.userName, err = signInName(userNameField, text)
	return err
}

func (r *Record) setEmailAddress(text string) (err error) {
	if text == "" {
		return nil
	}

	before, after, _ := strings.Cut(text, "@")
	if before == "" || after == "" || strings.Contains(after, "@") || strings.Contains(text, " ") {
		return refused("emailAddress must be like name@example.com")
	}

	r.emailAddress, err = signInName(emailAddressField, text)
	return err
}

func signInName(field, text string) (string, error) {
	normal, err := NormalName(text)
	if err != nil {
		return "", refused("%s has characters, or blanks in places, that a sign-in name cannot have",
			field)
	}
	return normal, nil
}

func (r *Record) setCustomerSince(value any) error {
	text, err := textOrNone(customerSinceField, value)
	if err != nil || text == "" {
		return err
	}

	var since time.Time
	if err := since.UnmarshalText([]byte(text)); err != nil {
		return refused("customerSinceDate must be an instant in RFC 3339, e.g. 2026-11-24T09:30:00Z")
	}

	since = since.UTC().Truncate(time.Microsecond)
	if since.Year() < 1 || since.Year() >= Forever().Year() {
		return refused("customerSinceDate must be in the years from 1 to %d", Forever().Year()-1)
	}
	r.account.CustomerSinceDate = &since
	return nil
}

func (r *Record) setUserID(value any) (err error) {
	text, _ := value.(string)
	if r.account.UserID, err = models.ParseID(text); err != nil || r.account.UserID == (models.ID{}) {
		return refused("userId must have 32 hexadecimal digits, not all of them zero")
	}
	return nil
}

// SetPassword gives the account a password. The error is a RefusedError.
func (r *Record) SetPassword(plain secret.Text) error { return r.Set(passwordField, plain.Reveal()) }

func (r *Record) setPassword(value any) error {
	text, err := textOrNone(passwordField, value)
	if err != nil || value == nil {
		return err
	}

	r.password = secret.New(text)
	if err := acceptable(r.password); err != nil {
		return err
	}
	return r.checkOnlyOne()
}

func acceptable(plain secret.Text) error {
	if err := password.Acceptable(plain); err != nil {
		return refused("password is %s", withoutPackage(err))
	}
	return nil
}

func (r *Record) setPasswordHash(value any) error {
	text, err := textOrNone(passwordHashField, value)
	if err != nil || text == "" {
		return err
	}

	r.hash = secret.New(text)
	if r.external, err = password.Inspect(r.hash); err != nil {
		return refused("passwordHash is %s", withoutPackage(err))
	}
	return r.checkOnlyOne()
}

func (r *Record) checkOnlyOne() error {
	if r.password.Reveal() != "" && r.hash.Reveal() != "" {
		return refused("password and passwordHash are both given")
	}
	return nil
}

func withoutPackage(err error) string { return strings.TrimPrefix(err.Error(), "password: ") }
