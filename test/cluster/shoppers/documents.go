package shoppers

// ticketFields are the fields of a ticket that must stay the same each time the ticket is returned.
const ticketFields = `accessToken accessTokenExpiration accessTokenLifetime refreshToken ` +
	`refreshTokenExpiration refreshTokenLifetime refreshAfter issuedAt sessionId userId isAnonymous ` +
	`behaviors claim claimedAnonymousUserId`

const (
	anonymousDocument = `mutation { anonymousShopperTicket { ` + ticketFields + ` } }`
	refreshDocument   = `mutation ($token: String!, $attempt: String!) {
		refreshTicket(refreshToken: $token, attempt: $attempt) { ` + ticketFields + ` } }`
	signInDocument = `mutation ($input: CustomerUserAuthInfoInput!) {
		createUserTicket(input: $input) { ` + ticketFields + ` } }`
	signOutDocument = `mutation ($token: String!, $everywhere: Boolean!) {
		revokeTicket(refreshToken: $token, everywhere: $everywhere) { sessionsEnded } }`
	endDocument  = `mutation ($id: ID!) { endSession(id: $id) { sessionsEnded } }`
	lookDocument = `{ currentShopper { userId sessionId customerAccount { userName } } }`
)
