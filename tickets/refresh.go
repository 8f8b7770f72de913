package tickets

import (
	"context"
	"errors"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
)

// RefreshInput is what a client refreshes.
type RefreshInput struct {
	Token secret.Text
	// Attempt lets the client repeat the refresh at any time; nil for none.
	Attempt *secret.Text
	// AccountID is the number of the account that the client expects; 0 if it expects none. For
	// another account, the token is not valid.
	AccountID int64
}

// Refresh exchanges a refresh token for the next ticket of its session. Within the reuse window, or
// at any time with the same attempt, it returns the same ticket again. A token that was used longer
// ago ends the session, unless the client has gone. The reasons of its errors are those of the
// schema's refreshTicket.
func (o *Office) Refresh(
	ctx context.Context, caller *access.Caller, input RefreshInput, selection Selection,
) (*Ticket, error) {
	now := o.clocks.now()
	application, err := o.identify(caller, now)
	if err != nil {
		return nil, err
	}
	contents, err := o.genuine(seal.Refresh, input.Token, application, now)
	if err != nil {
		return nil, err
	}

	var attemptHash []byte
	if input.Attempt != nil {
		if attemptHash, err = hashAttempt(*input.Attempt, contents); err != nil {
			return nil, err
		}
	}

	isExpired, err := o.judgeRefreshed(ctx, contents, application, now)
	mayRepeat := isExpired && attemptHash != nil // the same attempt may have succeeded before
	if err != nil && !mayRepeat {
		return nil, err
	}

	account, err := o.usableAccount(ctx, contents, selection.Account, now)
	if err != nil {
		return nil, err
	}
	if input.AccountID != 0 && (account.ID == nil || *account.ID != input.AccountID) {
		return nil, &models.Error{Reason: models.ReasonTokenInvalid}
	}

	session, err := o.advance(ctx, refreshRequest{
		contents:  contents,
		next:      o.Policy.of(application).nextSession(contents, attemptHash, now),
		isExpired: isExpired,
		source:    rowSourceOf(caller, application),
		gone:      caller.Gone,
		now:       now,
	})
	if err != nil {
		return nil, err
	}

	ticket, err := o.ticket(application, session, selection, nothingToClaim)
	if err == nil && selection.Account != nil {
		ticket.CustomerAccount = account
	}
	return ticket, err
}

// judgeRefreshed is judge for a refresh token that is about to be used. It also reports whether the
// token has expired. If the clocks do not agree on that, one of them is wrong, and the reason of
// its error is BUSY.
func (o *Office) judgeRefreshed(
	ctx context.Context, contents seal.Contents, application *models.Application, now time.Time,
) (isExpired bool, err error) {
	err = o.judge(contents, application, now)
	if !errors.Is(err, &models.Error{Reason: models.ReasonTokenExpired}) {
		return false, err
	}

	isExpired, clockErr := o.clocks.tokenExpired(ctx, contents, now)
	switch {
	case clockErr != nil:
		return false, clockErr
	case !isExpired:
		return false, busy()
	}
	return true, err
}

// usableAccount returns the account of a token's shopper, unless it is inactive. A locked account
// can still refresh: a lock stops guessing, and must not let a stranger sign the owner out.
func (o *Office) usableAccount(
	ctx context.Context, contents seal.Contents, selection *accounts.Selection, now time.Time,
) (*models.CustomerAccount, error) {
	account, err := o.account(ctx, contents, selection, now)
	if err != nil || account.IsAnonymous || account.IsActive {
		return account, err
	}

	account, err = o.Accounts.LatestAccount(ctx, contents.UserID, selection, now)
	if errors.Is(err, accounts.ErrNotFound) {
		return nil, o.deletedAccount(ctx, contents)
	}
	if err != nil || account.IsActive {
		return account, err
	}

	// The session is still open if a sign-in and the deactivation ran at one time on two nodes.
	if _, err := o.endIfStored(ctx, contents.SessionID, models.ReasonAccountInactive); err != nil {
		return nil, err
	}
	return nil, &models.Error{Reason: models.ReasonAccountInactive, Replaceable: true}
}
