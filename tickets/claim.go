package tickets

import (
	"context"
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
)

// ClaimOutcome says what became of a claim. The schema's ClaimOutcome is bound to it.
type ClaimOutcome string

// The outcomes are described in schema.graphqls.
const (
	ClaimClaimed             ClaimOutcome = "CLAIMED"
	ClaimNothingToClaim      ClaimOutcome = "NOTHING_TO_CLAIM"
	ClaimClaimedByAnother    ClaimOutcome = "CLAIMED_BY_ANOTHER"
	ClaimTokenInvalid        ClaimOutcome = "TOKEN_INVALID"
	ClaimTokenExpired        ClaimOutcome = "TOKEN_EXPIRED"
	ClaimTokenReused         ClaimOutcome = "TOKEN_REUSED"
	ClaimSignedOut           ClaimOutcome = "SIGNED_OUT"
	ClaimEndedByOperator     ClaimOutcome = "ENDED_BY_OPERATOR"
	ClaimApplicationDisabled ClaimOutcome = "APPLICATION_DISABLED"
)

// claim says what a sign-in takes over from an anonymous shopper.
type claim struct {
	outcome ClaimOutcome
	// userID is the anonymous shopper's; nil unless the outcome is CLAIMED.
	userID *models.ID
}

// nothingToClaim is the claim of every ticket that was not issued by a sign-in.
var nothingToClaim = claim{outcome: ClaimNothingToClaim} //nolint:gochecknoglobals // does not change

// toClaim returns the contents of an anonymous shopper's token, if its session can be claimed. A
// refresh token comes before an access token. Otherwise toClaim returns nil, and the outcome that
// says why not. The reason of its error is BUSY.
func (o *Office) toClaim(
	ctx context.Context, application *models.Application, credentials Credentials, now time.Time,
) (*seal.Contents, ClaimOutcome, error) {
	kind, token := seal.Refresh, credentials.PreviousRefreshToken
	if token == nil {
		kind, token = seal.Access, &credentials.PreviousAccessToken
	}
	if token.Reveal() == "" {
		return nil, ClaimNothingToClaim, nil
	}

	contents, err := o.genuine(kind, *token, application, now)
	switch {
	case isBusy(err):
		return nil, "", err
	case err != nil:
		return nil, ClaimTokenInvalid, nil //nolint:nilerr // the outcome says so
	case !contents.Anonymous:
		return nil, ClaimNothingToClaim, nil
	}

	if hasEnded, err := o.hasEnded(application, contents); err != nil {
		return nil, "", err
	} else if hasEnded {
		return nil, ClaimApplicationDisabled, nil
	}
	if isExpired, err := o.clocks.tokenExpired(ctx, contents, now); err != nil {
		return nil, "", err
	} else if isExpired {
		return nil, ClaimTokenExpired, nil
	}

	if kind == seal.Access {
		policy := o.Policy.of(application)
		if !now.Before(policy.accessExpiration(contents.IssuedAt, contents.ExpiresAt)) {
			return nil, ClaimTokenExpired, nil // the lifetime was shortened
		}
		contents = untilSessionEnd(contents) // the row must outlive the refresh token
	}
	return &contents, "", nil
}

// claimOf returns the anonymous session as the claim ends it; nil if there is nothing to claim. If
// the session has no row yet, this row is inserted.
func claimOf(contents *seal.Contents, customer models.ID) *models.Session {
	if contents == nil {
		return nil
	}
	ended := sessionOf(*contents)
	ended.EndReason, ended.ClaimedBy = models.ReasonSignedIn, &customer
	return ended
}

// claimed returns what became of a customer's claim. session is the anonymous session afterwards.
func claimed(session *models.Session, customer models.ID) claim {
	isClaimed := session.EndReason == models.ReasonSignedIn
	switch {
	case isClaimed && session.ClaimedBy != nil && *session.ClaimedBy == customer:
		return claim{outcome: ClaimClaimed, userID: &session.UserID}
	case isClaimed:
		return claim{outcome: ClaimClaimedByAnother}
	case session.EndReason == models.ReasonTokenReused:
		return claim{outcome: ClaimTokenReused}
	case session.EndReason == models.ReasonEndedByOperator:
		return claim{outcome: ClaimEndedByOperator}
	default:
		return claim{outcome: ClaimSignedOut}
	}
}
