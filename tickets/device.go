package tickets

import (
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
)

// device is the session that a customer had before on the device that signs in. The zero value
// stands for none.
type device struct{ userID, session models.ID }

// distrusted are the ends of a session after which its tokens do not tell a known device any more:
// somebody else may have them, or the customer or an operator has sent the device away.
func distrusted() []models.Reason {
	return []models.Reason{
		models.ReasonTokenReused, models.ReasonSignedOutEverywhere, models.ReasonPasswordChanged,
		models.ReasonSessionEnded, models.ReasonEndedByOperator,
		models.ReasonAccountInactive, models.ReasonAccountDeleted,
	}
}

// deviceOf returns the device that a refresh token of a customer tells, even if it has expired. Other
// text does not identify a device. The reason of its error is BUSY.
func (o *Office) deviceOf(application *models.Application, refreshToken *secret.Text, now time.Time) (device, error) {
	if refreshToken == nil || refreshToken.Reveal() == "" {
		return device{}, nil
	}
	contents, err := o.genuine(seal.Refresh, *refreshToken, application, now)
	hasEnded := false
	if err == nil {
		hasEnded, err = o.hasEnded(application, contents)
	}
	switch {
	case isBusy(err):
		return device{}, err
	case err != nil, contents.Anonymous, hasEnded:
		return device{}, nil //nolint:nilerr // signing in does not fail because of it
	}
	return device{contents.UserID, contents.SessionID}, nil
}

// devicePrefix begins the source of guesses that come from a device.
const devicePrefix = "session "

// guessSource is the source of guesses that come from the device: strangers at the same address
// cannot hold it up.
func (d device) guessSource() string { return devicePrefix + d.session.String() }
