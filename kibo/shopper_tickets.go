package kibo

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/tickets"
)

// anonymousTicket answers CreateAnonymousShopperAuthTicket.
func (h *Handler) anonymousTicket(w http.ResponseWriter, r *http.Request) {
	caller, selected := h.readRequest(w, r)
	if caller == nil {
		return
	}
	ticket, err := held(r, func() (*tickets.Ticket, error) {
		return h.settings.Office.IssueAnonymous(r.Context(), caller, selectionOf(selected))
	})
	h.answerTicket(w, r, selected, ticket, err)
}

// signIn answers CreateUserAuthTicket. The access token of an anonymous shopper claims the shopper.
func (h *Handler) signIn(w http.ResponseWriter, r *http.Request) {
	caller, selected := h.readRequest(w, r)
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

	accountID, ok := accountIDOf(w, textOf(body.AccountID))
	if !ok {
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
	h.answerTicket(w, r, selected, ticket, err)
}

// refresh answers RefreshUserAuthTicket.
func (h *Handler) refresh(w http.ResponseWriter, r *http.Request) {
	caller, selected := h.readRequest(w, r)
	if caller == nil {
		return
	}
	input, ok := h.refreshInput(w, r)
	if !ok {
		return
	}

	ticket, err := held(r, func() (*tickets.Ticket, error) {
		return h.settings.Office.Refresh(r.Context(), caller, input, selectionOf(selected))
	})
	h.answerTicket(w, r, selected, ticket, err)
}

// refreshInput returns the refresh token in the URL, or else in the body, and the account's number
// in the URL, or else beside the token. A client that has no token may send neither. refreshInput
// answers the request itself, and returns false, if it cannot tell.
func (h *Handler) refreshInput(w http.ResponseWriter, r *http.Request) (input tickets.RefreshInput, ok bool) {
	query := r.URL.Query()
	token, number := secret.New(query.Get("refreshToken")), query.Get("accountId")
	if token.Reveal() == "" && r.ContentLength != 0 {
		var body struct {
			RefreshToken secret.Text    `json:"refreshToken"`
			AccountID    jsontext.Value `json:"accountId"`
		}
		if !h.readBody(w, r, &body) {
			return tickets.RefreshInput{}, false
		}
		token, number = body.RefreshToken, cmp.Or(number, textOf(body.AccountID))
	}

	accountID, ok := accountIDOf(w, number)
	return tickets.RefreshInput{Token: token, AccountID: accountID}, ok
}

// readRequest returns who calls, and what the client selects. It answers the request itself, and
// returns no caller, if it cannot tell.
func (h *Handler) readRequest(w http.ResponseWriter, r *http.Request) (*access.Caller, *fields) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		refuse(w, refusal{http.StatusBadRequest, codeInvalid}, "The query of the URL is malformed.", nil)
		return nil, nil
	}
	for _, name := range []string{"responseFields", "refreshToken", "accountId"} {
		if len(query[name]) > 1 {
			refuse(w, refusal{http.StatusBadRequest, codeInvalid}, "The parameter "+name+" must come once.", nil)
			return nil, nil
		}
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

// accountIDOf reads the number of an account. An empty text, null and 0 mean that the client does
// not say, and give 0. It answers the request itself, and returns false, if there is no number.
func accountIDOf(w http.ResponseWriter, text string) (id int64, ok bool) {
	if text == "" || text == "null" {
		return 0, true
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(id, 10) != text {
		refuseInput(w, "The accountId must be a whole number.")
		return 0, false
	}
	return id, true
}

// textOf returns what a JSON string holds, or the text of any other JSON value.
func textOf(value jsontext.Value) string {
	if value.Kind() != '"' {
		return string(value)
	}
	text, _ := jsontext.AppendUnquote(nil, value) // a value that was read is valid
	return string(text)
}

// answerTicket answers with the selected fields of a ticket, or with an error.
func (h *Handler) answerTicket(
	w http.ResponseWriter, r *http.Request, selected *fields, ticket *tickets.Ticket, err error,
) {
	if err != nil {
		h.fail(w, r, err)
		return
	}

	out := newObject(selected)
	out.text("accessToken", ticket.AccessToken.Reveal())
	out.text("accessTokenExpiration", instant(ticket.AccessTokenExpiration))
	out.text("refreshToken", ticket.RefreshToken.Reveal())
	out.text("refreshTokenExpiration", instant(ticket.RefreshTokenExpiration))
	out.text("userId", ticket.UserID.String())
	out.text("jwtAccessToken", ticket.JWTAccessToken.Reveal())
	if out.begin("customerAccount") {
		out.json = append(out.json, accountJSON(ticket.CustomerAccount, selected.in("customerAccount"))...)
	}
	send(w, http.StatusOK, out.end())
}
