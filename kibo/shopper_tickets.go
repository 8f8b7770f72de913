package kibo

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/tickets"
)

// anonymousTicket answers CreateAnonymousShopperAuthTicket.
func (h *Handler) anonymousTicket(w http.ResponseWriter, r *http.Request) {
	caller, selected := h.begin(w, r)
	if caller == nil {
		return
	}
	ticket, err := held(r, func() (*tickets.Ticket, error) {
		return h.settings.Office.IssueAnonymous(r.Context(), caller, selectionOf(selected))
	})
	h.finish(w, r, selected, ticket, err)
}

// signIn answers CreateUserAuthTicket. The access token of an anonymous shopper claims the shopper.
func (h *Handler) signIn(w http.ResponseWriter, r *http.Request) {
	caller, selected := h.begin(w, r)
	if caller == nil {
		return
	}
	var body struct {
		Username  string         `json:"username"`
		Password  secret.Text    `json:"password"`
		AccountID jsontext.Value `json:"accountId"`
	}
	if !h.readBody(w, r, &body) {
		return
	}

	accountID, err := accountIDOf(string(body.AccountID))
	if err != nil {
		h.fail(w, r, err)
		return
	}
	credentials := tickets.Credentials{
		Username:            body.Username,
		Password:            body.Password,
		PreviousAccessToken: caller.AccessToken,
		AccountID:           accountID,
	}
	ticket, err := held(r, func() (*tickets.Ticket, error) {
		return h.settings.Office.SignIn(r.Context(), caller, credentials, selectionOf(selected))
	})
	h.finish(w, r, selected, ticket, err)
}

// refresh answers RefreshUserAuthTicket.
func (h *Handler) refresh(w http.ResponseWriter, r *http.Request) {
	caller, selected := h.begin(w, r)
	if caller == nil {
		return
	}
	token, account, ok := h.refreshed(w, r)
	if !ok {
		return
	}

	accountID, err := accountIDOf(account)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	input := tickets.Refreshing{Token: token, AccountID: accountID}
	ticket, err := held(r, func() (*tickets.Ticket, error) {
		return h.settings.Office.Refresh(r.Context(), caller, input, selectionOf(selected))
	})
	h.finish(w, r, selected, ticket, err)
}

// refreshed returns the refresh token and the account's number in the URL, or else in the body. A
// client that has no token may send neither. refreshed answers the request itself, and returns
// false, if it cannot tell.
func (h *Handler) refreshed(w http.ResponseWriter, r *http.Request) (token secret.Text, account string, ok bool) {
	query := r.URL.Query()
	for _, name := range []string{"refreshToken", "accountId"} {
		if len(query[name]) > 1 {
			refuse(w, refusal{http.StatusBadRequest, codeInvalid}, "The parameter "+name+" must come once.", nil)
			return secret.Text{}, "", false
		}
	}
	if text := query.Get("refreshToken"); text != "" || r.ContentLength == 0 {
		return secret.New(text), query.Get("accountId"), true
	}

	var body struct {
		RefreshToken secret.Text    `json:"refreshToken"`
		AccountID    jsontext.Value `json:"accountId"`
	}
	ok = h.readBody(w, r, &body)
	return body.RefreshToken, string(body.AccountID), ok
}

// begin returns who calls, and what the client selects. It answers the request itself, and returns
// no caller, if it cannot tell.
func (h *Handler) begin(w http.ResponseWriter, r *http.Request) (*access.Caller, *fields) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		refuse(w, refusal{http.StatusBadRequest, codeInvalid}, "The query of the URL is malformed.", nil)
		return nil, nil
	}
	selected, err := parseFields(query.Get("responseFields"))
	if err != nil {
		refuse(w, refusal{http.StatusBadRequest, codeInvalid}, err.Error(), nil)
		return nil, nil
	}
	return h.callerOf(w, r), selected
}

// selectionOf returns what must be read and made for the selected fields.
func selectionOf(selected *fields) tickets.Selection {
	selection := tickets.Selection{JWTAccessToken: selected.has("jwtAccessToken")}
	if selected.has("customerAccount") {
		selection.Account = selectedAccount(selected.in("customerAccount"))
	}
	return selection
}

// accountIDOf reads the number of an account, in JSON or in a URL. An empty one, null and 0 mean
// that the client does not say. The reason of its error is REQUEST_INVALID.
func accountIDOf(text string) (*int64, error) {
	text = strings.Trim(text, `"`)
	if text == "" || text == "null" || text == "0" {
		return nil, nil //nolint:nilnil // the client does not say
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(id, 10) != text {
		return nil, &models.Error{Reason: models.ReasonRequestInvalid}
	}
	return &id, nil
}

// finish answers with the selected fields of a ticket, or with an error.
func (h *Handler) finish(
	w http.ResponseWriter, r *http.Request, selected *fields, ticket *tickets.Ticket, err error,
) {
	if err != nil {
		h.fail(w, r, err)
		return
	}

	shown := newObject(selected)
	shown.text("accessToken", ticket.AccessToken.Reveal())
	shown.text("accessTokenExpiration", instant(ticket.AccessTokenExpiration))
	shown.text("refreshToken", ticket.RefreshToken.Reveal())
	shown.text("refreshTokenExpiration", instant(ticket.RefreshTokenExpiration))
	shown.text("userId", ticket.UserID.String())
	shown.text("jwtAccessToken", ticket.JWTAccessToken.Reveal())
	if shown.name("customerAccount") {
		shown.json = append(shown.json, accountJSON(ticket.CustomerAccount, selected.in("customerAccount"))...)
	}
	send(w, http.StatusOK, shown.end())
}
