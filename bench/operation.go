package main

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// These are the operations of a client, by their names in the tables.
const (
	anonymousTicket = "anonymousShopperTicket"
	jwtTicket       = "anonymousShopperTicket with jwtAccessToken"
	userTicket      = "createUserTicket"
	refresh         = "refreshTicket"
	customerRefresh = "refreshTicket of a customer"
	shopper         = "currentShopper"
	shopperAccount  = "currentShopper with customerAccount"
	restTicket      = "CreateAnonymousShopperAuthTicket over REST"
	restAsGraphQL   = "the same over GraphQL"
)

const (
	ticketFields = "accessToken accessTokenExpiration accessTokenLifetime " +
		"refreshToken refreshTokenExpiration refreshTokenLifetime refreshAfter userId behaviors"
	shopperFields = "userId isAnonymous application behaviors accessTokenExpiration accessTokenRemaining sessionId"
	accountFields = "id userId userName emailAddress firstName lastName isActive isLocked"

	// The ticket has 27 fields, like in storefronts that use one fragment for all tickets.
	askAnonymousTicket = "mutation AnonymousTicket { anonymousShopperTicket { " + ticketFields + anonymousFields
	anonymousFields    = " claimedAnonymousUserId customerAccount { " + accountFields +
		" isAnonymous hasExternalPassword acceptsMarketing localeCode taxExempt customerSet accountType " +
		"externalId } } }"
	askJWT = "mutation AnonymousTicket { anonymousShopperTicket { jwtAccessToken " +
		ticketFields + anonymousFields
	askUserTicket = "mutation SignIn($input: CustomerUserAuthInfoInput!) { " +
		"createUserTicket(input: $input) { " + ticketFields + " } }"
	askRefresh = "mutation Refresh($refreshToken: String!) { " +
		"refreshTicket(refreshToken: $refreshToken) { " + ticketFields + " } }"
	// These two select the same fields.
	askAsREST = "mutation AnonymousTicket { anonymousShopperTicket { accessToken accessTokenExpiration " +
		"refreshToken refreshTokenExpiration userId customerAccount { " + accountFields + " isAnonymous } } }"
	restPath = "/api/commerce/customer/authtickets/anonymousshopper?responseFields=" +
		"accessToken,accessTokenExpiration,refreshToken,refreshTokenExpiration,userId,customerAccount(" +
		"id,userId,userName,emailAddress,firstName,lastName,isActive,isLocked,isAnonymous)"

	askShopper        = "query CurrentShopper { currentShopper { " + shopperFields + " } }"
	askShopperAccount = "query CurrentShopper { currentShopper { " + shopperFields +
		" customerAccount { " + accountFields + " } } }"
)

// step is one turn of a closed loop.
type step func() error

// operate returns a loop over an operation, on a connection of its own and for the customer with
// this number. It first gets what the operation needs, such as a ticket.
func operate(operation, address string, number int) (step, error) {
	c, err := connect(address)
	if err != nil {
		return nil, err
	}

	switch operation {
	case anonymousTicket:
		return c.repeat(askAnonymousTicket, nil, "")
	case jwtTicket:
		return c.repeat(askJWT, nil, "")
	case userTicket:
		return c.repeat(askUserTicket, credentials(number), "")
	case refresh:
		return c.refreshing(askAnonymousTicket, nil)
	case customerRefresh:
		return c.refreshing(askUserTicket, credentials(number))
	case shopper:
		return c.asking(askShopper, askAnonymousTicket, nil)
	case restTicket:
		return c.repeatGet(restPath), nil
	case restAsGraphQL:
		return c.repeat(askAsREST, nil, "")
	case shopperAccount:
		return c.asking(askShopperAccount, askUserTicket, credentials(number))
	default:
		return nil, fmt.Errorf("there is no operation %q", operation)
	}
}

func credentials(number int) map[string]any {
	return map[string]any{"input": map[string]any{"username": accountName(number), "password": accountPassword}}
}

func request(document string, variables map[string]any) ([]byte, error) {
	return json.Marshal(map[string]any{"query": document, "variables": variables})
}

// repeat sends the same request again and again.
func (c *connection) repeat(document string, variables map[string]any, accessToken string) (step, error) {
	body, err := request(document, variables)
	if err != nil {
		return nil, err
	}
	return func() error {
		_, err := c.post(body, accessToken)
		return err
	}, nil
}

// repeatGet sends the same GET request again and again.
func (c *connection) repeatGet(path string) step {
	return func() error {
		_, err := c.get(path)
		return err
	}
}

// asking gets a ticket with one document, and then sends another document with it again and again.
func (c *connection) asking(document, issue string, variables map[string]any) (step, error) {
	answer, err := c.ask(issue, variables)
	if err != nil {
		return nil, err
	}
	return c.repeat(document, nil, member(answer, "accessToken"))
}

// refreshing gets a ticket with a document, and then refreshes it again and again. An anonymous
// shopper's first refresh is not measured, because it inserts a row where all others update one.
func (c *connection) refreshing(issue string, variables map[string]any) (step, error) {
	const placeholder = "TOKEN"
	template, err := request(askRefresh, map[string]any{"refreshToken": placeholder})
	if err != nil {
		return nil, err
	}

	front, back, _ := bytes.Cut(template, []byte(placeholder))
	answer, err := c.ask(issue, variables)
	if err != nil {
		return nil, err
	}

	token := member(answer, "refreshToken")
	var body []byte
	next := func() error {
		body = append(append(append(body[:0], front...), token...), back...)
		answer, err := c.post(body, "")
		token = member(answer, "refreshToken")
		return err
	}
	return next, next()
}

func (c *connection) ask(document string, variables map[string]any) ([]byte, error) {
	body, err := request(document, variables)
	if err != nil {
		return nil, err
	}
	return c.post(body, "")
}
