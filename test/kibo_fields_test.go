package test_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
)

// shape returns the names in an answer, with the names inside them in parentheses, in order. Of a
// list it returns the shape of the first value.
func shape(t *testing.T, text string) string {
	t.Helper()
	var decoded any
	must(t, json.Unmarshal([]byte(text), &decoded))
	return shapeOf(decoded)
}

func shapeOf(decoded any) string {
	if list, ok := decoded.([]any); ok && len(list) > 0 {
		decoded = list[0]
	}
	object, ok := decoded.(map[string]any)
	if !ok {
		return ""
	}

	names := make([]string, 0, len(object))
	for name, value := range object {
		if inside := shapeOf(value); inside != "" {
			name += "(" + inside + ")"
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ",")
}

const (
	allTokens  = "accessToken,accessTokenExpiration"
	allRefresh = "jwtAccessToken,refreshToken,refreshTokenExpiration,userId"
)

// A sign-in and a refresh answer with the selected fields, and only those.
func TestKiboResponseFields(t *testing.T) {
	t.Parallel()

	onEachKibo(t, func(t *testing.T, k *kiboShop) {
		k.customer("ada")
		credentials := jsonOf(t, map[string]any{"username": "ada", "password": rightPassword})
		for selected, want := range map[string]string{
			"accessToken":                     "accessToken",
			"ACCESSTOKEN,userid":              "accessToken,userId",
			" userId ,\tuserId":               "userId",
			"unknown,userId,x(y(z))":          "userId",
			"unknown":                         "",
			"-customerAccount":                allTokens + "," + allRefresh,
			"userId,accessToken,-accessToken": "userId",
			"customerAccount(userName,attributes(values))":          "customerAccount(attributes(values),userName)",
			"CustomerAccount ( USERNAME , attributes ( Values ) ) ": "customerAccount(attributes(values),userName)",
			"customerAccount(userName),customerAccount(id)":         "customerAccount(id,userName)",
			"customerAccount(id,attributes(-values))": "customerAccount(attributes(" +
				"attributeDefinitionId,fullyQualifiedName),id)",
			"customerAccount(id,attributes(fullyQualifiedName)),": "customerAccount(attributes(fullyQualifiedName),id)",
			"customerAccount(password,passwordHash,unknown)":      "customerAccount",
			"userId(unknown),jwtAccessToken,refreshToken(a,-b)":   "jwtAccessToken,refreshToken,userId",
			"refreshTokenExpiration,accessTokenExpiration":        "accessTokenExpiration,refreshTokenExpiration",
			"customerAccount(isLocked,isActive)":                  "customerAccount(isActive,isLocked)",
		} {
			query := "responseFields=" + url.QueryEscape(selected)
			signedIn := k.call(http.MethodPost, shopperPath+"?"+query, credentials, k.app...)
			k.wants(selected, signedIn, http.StatusOK, "")
			if got := shape(t, signedIn.Text); got != want {
				t.Errorf("sign-in with %q: got %s, want %s", selected, got, want)
			}

			token := k.signedIn("ada").RefreshToken
			refreshed := k.call(http.MethodPut, refreshPath+"?refreshToken="+token+"&"+query, "", k.app...)
			k.wants(selected, refreshed, http.StatusOK, "")
			if got := shape(t, refreshed.Text); got != want {
				t.Errorf("refresh with %q: got %s, want %s", selected, got, want)
			}
		}
	})
}

// A selection that cannot be read is refused before anything is done.
func TestKiboErrResponseFields(t *testing.T) {
	t.Parallel()

	k := open(t, sqlite(t)).kibo()
	k.customer("ada")
	token := k.signedIn("ada").RefreshToken
	for _, selected := range []string{
		"(", "customerAccount(userName", "userId)", "(userId)", "customerAccount(" + marker + "))", "a(b)c",
		strings.Repeat("userId,", 300), strings.Repeat("a(", 9) + strings.Repeat(")", 9),
	} {
		query := "responseFields=" + url.QueryEscape(selected)
		for _, got := range []rest{
			k.call(http.MethodGet, anonymousPath+"?"+query, "", k.app...),
			k.call(http.MethodPost, shopperPath+"?"+query, `{"username":"ada","password":"`+marker+`"}`, k.app...),
			k.call(http.MethodPut, refreshPath+"?refreshToken="+token+"&"+query, "", k.app...),
		} {
			k.wants(selected, got, http.StatusBadRequest, "")
			if got.ErrorCode != "MISSING_OR_INVALID_PARAMETER" {
				t.Errorf("%s: %s", selected, got.Text)
			}
		}
	}
	for _, name := range []string{"responseFields", "accountId", "refreshToken"} {
		twice := k.call(http.MethodPut, refreshPath+"?"+name+"=&"+name+"="+token, "", k.app...)
		k.wants(name+" twice", twice, http.StatusBadRequest, "")
	}
	k.ticket(k.tryRefreshing(token))
}

// A whole account has every field that GraphQL shows, with the same values. Only instants and the
// id of an anonymous shopper have another form.
func TestKiboAccounts(t *testing.T) {
	t.Parallel()

	onEachKibo(t, func(t *testing.T, k *kiboShop) {
		strange := []json.RawMessage{
			json.RawMessage(`{"k":1,"k":2}`), json.RawMessage(`"<\u2028>&"`),
			json.RawMessage(`12345678901234567890.10`),
		}
		ada := k.customer("ada", func(a *models.CustomerAccount) { a.Attributes[0].Values = strange })
		account := k.signedIn("ada").CustomerAccount
		want := map[string]any{
			"id": float64(*ada.ID), "userId": ada.UserID.String(), "userName": "ada", "emailAddress": "ada@example.com",
			"firstName": "Ada", "lastName": nil, "isAnonymous": false, "isActive": true, "isLocked": false,
			"customerSinceDate": "2026-11-24T09:30:00.123Z", "hasExternalPassword": false,
		}
		for name, value := range want {
			if account[name] != value {
				t.Errorf("%s is %v, want %v", name, account[name], value)
			}
		}
		shown := slices.DeleteFunc(accounts.Fields(), func(f *accounts.Field) bool { return f.In(ada) == nil })
		if len(account) != len(shown) {
			t.Errorf("the account has %d fields: %v", len(account), account)
		}

		selected := "?responseFields=customerAccount(attributes)"
		credentials := jsonOf(t, map[string]any{"username": "ada", "password": rightPassword})
		got := k.call(http.MethodPost, shopperPath+selected, credentials, k.app...)
		for _, value := range []string{`{"k":1,"k":2}`, `12345678901234567890.10`, `"attributeDefinitionId":null`} {
			if !strings.Contains(got.Text, value) {
				t.Errorf("%s is not in %s", value, got.Text)
			}
		}

		guest := k.guest()
		attributes, isList := guest.CustomerAccount["attributes"].([]any)
		if account := guest.CustomerAccount; account["id"] != 0.0 || account["isAnonymous"] != true ||
			account["userId"] != guest.UserID || !isList || len(attributes) != 0 {
			t.Errorf("an anonymous shopper is %v", account)
		}
		refreshed := k.ticket(k.tryRefreshing(guest.RefreshToken))
		if refreshed.CustomerAccount["id"] != 0.0 || refreshed.UserID != guest.UserID {
			t.Errorf("%+v", refreshed)
		}
	})
}
