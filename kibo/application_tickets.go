package kibo

import (
	"net/http"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/inbound"
	"github.com/authtickets/authtickets/secret"
)

// oauthAnswer is an application's ticket in the names of OAuth (RFC 6749 section 5.1).
type oauthAnswer struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"`
	RefreshToken string `json:"refresh_token"`
}

// applicationAnswer is an application's ticket in the names of the SDKs.
type applicationAnswer struct {
	AccessToken            string `json:"accessToken"`
	AccessTokenExpiration  string `json:"accessTokenExpiration"`
	RefreshToken           string `json:"refreshToken"`
	RefreshTokenExpiration string `json:"refreshTokenExpiration"`
}

// oauthTicket issues a ticket to an application. To renew it, clients send the secret again, and
// with it the refresh token. The secret is enough.
func (h *Handler) oauthTicket(w http.ResponseWriter, r *http.Request) {
	var body struct {
		ClientID     string      `json:"client_id"`
		ClientSecret secret.Text `json:"client_secret"`
		GrantType    string      `json:"grant_type"`
	}
	if !h.readBody(w, r, &body) {
		return
	}
	if body.GrantType != "client_credentials" {
		refuseInput(w, "The grant_type must be client_credentials.")
		return
	}

	if ticket := h.issue(w, r, body.ClientID, body.ClientSecret); ticket != nil {
		answer(w, http.StatusOK, oauthAnswer{
			AccessToken:  ticket.AccessToken.Reveal(),
			TokenType:    "Bearer",
			ExpiresIn:    int64(ticket.AccessTokenLifetime.Seconds()),
			RefreshToken: ticket.RefreshToken.Reveal(),
		})
	}
}

// applicationTicket issues a ticket to an application.
func (h *Handler) applicationTicket(w http.ResponseWriter, r *http.Request) {
	var body struct {
		ApplicationID string      `json:"applicationId"`
		SharedSecret  secret.Text `json:"sharedSecret"`
	}
	if !h.readBody(w, r, &body) {
		return
	}
	if ticket := h.issue(w, r, body.ApplicationID, body.SharedSecret); ticket != nil {
		answerApplication(w, ticket)
	}
}

// issue issues a ticket to the application in the body of a request. If that fails, it answers the
// request itself, and returns nil.
func (h *Handler) issue(w http.ResponseWriter, r *http.Request, id string, given secret.Text) *applications.Ticket {
	caller := h.callerOf(w, r)
	if caller == nil {
		return nil
	}
	caller.Application, caller.Secret, caller.ApplicationToken = id, given, secret.Text{}

	ticket, err := held(r, func() (*applications.Ticket, error) {
		return h.settings.Applications.Issue(r.Context(), caller)
	})
	if err != nil {
		h.fail(w, r, err)
		return nil
	}
	return ticket
}

// renewApplicationTicket answers with another ticket.
func (h *Handler) renewApplicationTicket(w http.ResponseWriter, r *http.Request) {
	var body struct {
		RefreshToken secret.Text `json:"refreshToken"`
	}
	if !h.readBody(w, r, &body) {
		return
	}
	caller := h.holderOf(w, r)
	if caller == nil {
		return
	}

	ticket, err := held(r, func() (*applications.Ticket, error) {
		return h.settings.Applications.Renew(r.Context(), caller, body.RefreshToken)
	})
	if err != nil {
		h.fail(w, r, err)
		return
	}
	answerApplication(w, ticket)
}

// endApplicationTicket ends a ticket, and answers without a body.
func (h *Handler) endApplicationTicket(w http.ResponseWriter, r *http.Request) {
	caller := h.holderOf(w, r)
	if caller == nil {
		return
	}
	token := secret.New(r.PathValue("refreshToken"))
	_, err := held(r, func() (struct{}, error) {
		return struct{}{}, h.settings.Applications.End(r.Context(), caller, token)
	})
	if err != nil {
		h.fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// holderOf is callerOf for a request with the refresh token of an application's ticket. The id of a
// site says nothing there, because it stands for the application of the site's shoppers.
func (h *Handler) holderOf(w http.ResponseWriter, r *http.Request) *access.Caller {
	caller := h.callerOf(w, r)
	if caller != nil && r.Header.Get(inbound.ApplicationHeader) == "" {
		caller.Application = ""
	}
	return caller
}

func answerApplication(w http.ResponseWriter, ticket *applications.Ticket) {
	answer(w, http.StatusOK, applicationAnswer{
		AccessToken:            ticket.AccessToken.Reveal(),
		AccessTokenExpiration:  instant(ticket.AccessTokenExpiration),
		RefreshToken:           ticket.RefreshToken.Reveal(),
		RefreshTokenExpiration: instant(ticket.RefreshTokenExpiration),
	})
}
