package tickets

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
)

// Caller is who asks for something, as far as the request tells.
type Caller struct {
	// Application is the id of the application; empty where the request names none. Secret is what a confidential one proves itself with.
	Application string
	Secret      secret.Text
	// Origin is that of the page that calls; empty when it is the server's own, or no page.
	Origin string
	// AccessToken is the shopper's; empty when there is none.
	AccessToken secret.Text
	// Address is where the request comes from, and UserAgent which program has sent it.
	Address   netip.Addr
	UserAgent string
	// ShopperAddress and ShopperUserAgent are what the caller says of the shopper it calls for, if it does. Only a confidential application is believed.
	ShopperAddress   netip.Addr
	ShopperUserAgent string
	// Gone is closed when nobody waits for the answer any more; nil when that cannot be known.
	Gone <-chan struct{}
}

// identify returns the application that calls. The reasons of its errors are APPLICATION_MISSING, APPLICATION_INVALID, APPLICATION_DISABLED and
// ORIGIN_NOT_ALLOWED.
func (o *Office) identify(caller *Caller, now time.Time) (*models.Application, error) {
	application, err := o.Applications.Identify(caller.Application, caller.Secret, now)
	if err != nil {
		return nil, err
	}
	if caller.Origin != "" && !applications.MayCall(application, caller.Origin) {
		return nil, &models.Error{Reason: models.ReasonOriginNotAllowed}
	}
	return application, nil
}

// Allow returns nil when the application that calls, or the ticket it brings, has a behavior. Behaviors of an application's own are never a ticket's. The reasons of its
// errors are those of identify, BEHAVIOR_MISSING and, where the ticket decides, those of Verify.
func (o *Office) Allow(caller *Caller, behavior string) error {
	now := o.now()
	application, err := o.identify(caller, now)
	switch {
	case err != nil:
		return err
	case application.IsConfidential && slices.Contains(application.OwnBehaviors, behavior):
		return nil
	case caller.AccessToken.Reveal() == "" || applications.IsReserved(behavior):
		return &models.Error{Reason: models.ReasonBehaviorMissing}
	}
	contents, err := o.open(seal.Access, caller.AccessToken, application, now)
	switch {
	case err != nil:
		return refreshable(err)
	case !slices.Contains(contents.Behaviors, behavior):
		return &models.Error{Reason: models.ReasonBehaviorMissing}
	}
	return nil
}

// AllowInstead is Allow where an application may act in place of a shopper whose access token the caller does not bring: what a caller lacks that is no such application is the token.
func (o *Office) AllowInstead(caller *Caller, behavior string) error {
	err := o.Allow(caller, behavior)
	if errors.Is(err, &models.Error{Reason: models.ReasonBehaviorMissing}) {
		return &models.Error{Reason: models.ReasonTokenMissing}
	}
	return err
}

// source is what counts as the source of the caller's guesses.
func (c *Caller) source(application *models.Application) string {
	if application.IsConfidential && c.ShopperAddress.IsValid() {
		return Source(c.ShopperAddress)
	}
	return Source(c.Address)
}

// longestUserAgent is how much of a user agent is kept, in characters.
const longestUserAgent = 255

// userAgent is the program that the shopper uses, without what nobody sees.
func (c *Caller) userAgent(application *models.Application) string {
	text := c.UserAgent
	if application.IsConfidential {
		text = c.ShopperUserAgent // its own program is not the shopper's
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
