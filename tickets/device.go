package tickets

import (
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
)

// device identifies a device that signs in. It names a session that a customer had on the device
// before. It is zero if there is none.
type device struct{ userID, session models.ID }

// distrusted returns the end reasons after which a session's tokens no longer identify a known
// device. Either somebody else may have the tokens, or the customer or an operator has signed the
// device out.
func distrusted() []models.Reason {
	return []models.Reason{
		models.ReasonTokenReused, models.ReasonSignedOutEverywhere, models.ReasonPasswordChanged,
		models.ReasonSessionEnded, models.ReasonEndedByOperator,
		models.ReasonAccountInactive, models.ReasonAccountDeleted,
	}
}

// deviceOf returns the device that a customer's refresh token identifies, even if the token has
// expired. Any other text identifies no device. The reason of its error is BUSY.
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
		return device{}, nil //nolint:nilerr // a sign-in does not fail because of it
	}
	return device{contents.UserID, contents.SessionID}, nil
}

// devicePrefix is the prefix of each source that is a device.
const devicePrefix = "session "

// guessSource returns the source of guesses from the device. Guesses of strangers at the same
// address do not count for it.
func (d device) guessSource() string { return devicePrefix + d.session.String() }
