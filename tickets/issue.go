package tickets

import "github.com/authtickets/authtickets/accounts"

// IssueAnonymous issues a ticket to a new anonymous shopper. It asks nothing of the database: the session's row is first written when the
// ticket is refreshed, claimed or revoked, so that crawlers cost no rows.
func (o *Office) IssueAnonymous(selection *accounts.Selection) (*Ticket, error) {
	userID, err := o.newID()
	if err != nil {
		return nil, err
	}
	session, err := o.begin(userID, true, o.now())
	if err != nil {
		return nil, err
	}
	ticket, err := o.ticket(session)
	if err == nil && selection != nil {
		ticket.CustomerAccount = anonymousAccount(userID)
	}
	return ticket, err
}
