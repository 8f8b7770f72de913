package tickets

import (
	"strings"
	"time"
	"unicode"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/models"
)

// identify returns the application that calls. The reasons of its errors are those of
// applications.Directory.Caller.
func (o *Office) identify(caller *access.Caller, now time.Time) (*models.Application, error) {
	return o.Applications.Caller(caller, now)
}

// sourceOf returns the source of a caller's guesses. A confidential application can name the
// shopper's address.
func sourceOf(caller *access.Caller, application *models.Application) string {
	if application.IsConfidential && caller.ShopperAddress.IsValid() {
		return Source(caller.ShopperAddress)
	}
	return Source(caller.Address)
}

// longestUserAgent is how much of a user agent is kept, in characters.
const longestUserAgent = 255

// userAgentOf returns the name of the shopper's program, without invisible characters.
func userAgentOf(caller *access.Caller, application *models.Application) string {
	text := caller.UserAgent
	if application.IsConfidential { // the caller is a server, not the shopper's browser
		text = caller.ShopperUserAgent
	}

	visible := strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, strings.ToValidUTF8(text, ""))

	if runes := []rune(visible); len(runes) > longestUserAgent {
		return string(runes[:longestUserAgent])
	}
	return visible
}
