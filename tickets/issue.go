package tickets

import (
	"context"

	"github.com/authtickets/authtickets/access"
)

// IssueAnonymous issues a ticket to a new anonymous shopper. It does not use the database, so
// crawlers cost no rows. The session's row is written when the ticket is first refreshed, claimed
// or revoked. The reasons of its errors are those of every operation.
func (o *Office) IssueAnonymous(_ context.Context, caller *access.Caller, selection Selection) (*Ticket, error) {
	now := o.clocks.now()
	application, err := o.identify(caller, now)
	if err != nil {
		return nil, err
	}

	userID, err := o.newID()
	if err != nil {
		return nil, err
	}
	session, err := o.begin(application, userID, true, now)
	if err != nil {
		return nil, err
	}

	ticket, err := o.ticket(application, session, selection, nothingToClaim)
	if err == nil && selection.Account != nil {
		ticket.CustomerAccount = anonymousAccount(userID)
	}
	return ticket, err
}
