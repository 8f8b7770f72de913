package test_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/tickets"
)

// claimsOf returns the claims of a JWT.
func claimsOf(t testing.TB, token string) (claims map[string]any) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%q is no JWT", token)
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	must(t, err)
	must(t, json.Unmarshal(text, &claims))
	return claims
}

// numbersIn returns the numbers in the behavior vector of a JWT, as Kibo's storefront reads it: the
// offset of a word of 32 bits, then the word, and so on.
func numbersIn(t testing.TB, token string) []int {
	t.Helper()
	user, ok := claimsOf(t, token)["https://www.kibocommerce.com/user_claims"].(map[string]any)
	vector, isList := user["bv"].([]any)
	if !ok || !isList || len(vector)%2 != 0 {
		t.Fatalf("the claims are %v", claimsOf(t, token))
	}

	numbers := []int{}
	for i := 0; i < len(vector); i += 2 {
		offset, word := vector[i].(float64), vector[i+1].(float64)
		for bit := range 32 {
			if uint32(word)&(1<<bit) != 0 {
				numbers = append(numbers, int(offset)*32+bit)
			}
		}
	}
	return numbers
}

// The JWTs of a server that knows Kibo's clients have the numbers of the ticket's behaviors.
func TestKiboUserClaims(t *testing.T) {
	t.Parallel()

	onEachKibo(t, func(t *testing.T, k *kiboShop) {
		k.customer("ada")
		if got := numbersIn(t, k.guest().JWTAccessToken); !reflect.DeepEqual(got, []int{5}) {
			t.Errorf("an anonymous ticket has %v", got)
		}
		customer := k.signedIn("ada")
		if got := numbersIn(t, customer.JWTAccessToken); !reflect.DeepEqual(got, []int{1014}) {
			t.Errorf("a customer's ticket has %v", got)
		}

		for _, c := range []struct {
			behaviors []string
			numbers   map[string]int
			want      []int
		}{
			{[]string{}, nil, []int{}},
			{[]string{"a"}, map[string]int{}, []int{}},
			{[]string{"a", "b"}, map[string]int{"b": 0, "c": 1}, []int{0}},
			{
				[]string{"a", "b", "c", "d", "e", "f"},
				map[string]int{"a": 65535, "b": 31, "c": 32, "d": 0, "e": 31, "f": 1022},
				[]int{0, 31, 32, 1022, 65535},
			},
		} {
			k.operate(func(operator *access.Caller) error {
				_, err := k.applications.Update(t.Context(), operator, "shop-app",
					applications.Change{Behaviors: c.behaviors, BehaviorNumbers: c.numbers})
				return err
			})
			customer = k.ticket(k.tryRefreshing(customer.RefreshToken))
			if got := numbersIn(t, customer.JWTAccessToken); !reflect.DeepEqual(got, c.want) {
				t.Errorf("%v with %v: got %v, want %v", c.behaviors, c.numbers, got, c.want)
			}
			if got := claimsOf(t, customer.JWTAccessToken)["behaviors"]; len(got.([]any)) != len(c.behaviors) {
				t.Errorf("the behaviors are %v", got)
			}
		}
	})
}

// GraphQL's JWTs have the claim as well. Without Kibo's clients there is no such claim.
func TestKiboUserClaimsAreOptional(t *testing.T) {
	t.Parallel()

	o := open(t, sqlite(t))
	for _, wanted := range []bool{false, true} {
		o.UserClaims = wanted
		token, _, claims := jwtOf(t, o.post(`mutation { anonymousShopperTicket { jwtAccessToken } }`, nil),
			"anonymousShopperTicket")
		if _, isThere := claims["https://www.kibocommerce.com/user_claims"]; isThere != wanted {
			t.Errorf("the claims are %v", claims)
		}
		if wanted && len(numbersIn(t, token)) != 0 {
			t.Errorf("an application without numbers has %v", numbersIn(t, token))
		}
	}
}

// A JWT is made only if it is selected. Without signing keys, only a ticket with a JWT must wait.
func TestKiboJWTIsMadeWhereItIsSelected(t *testing.T) {
	t.Parallel()

	k := open(t, sqlite(t), func(w *tickets.Office) { w.Signers = new(seal.Signers) }).kibo()
	for query, status := range map[string]int{
		"responseFields=accessToken":     http.StatusOK,
		"responseFields=-jwtAccessToken": http.StatusOK,
		"responseFields=jwtAccessToken":  http.StatusServiceUnavailable,
		"":                               http.StatusServiceUnavailable,
	} {
		if got := k.call(http.MethodGet, anonymousPath+"?"+query, "", k.app...); got.Status != status {
			t.Errorf("%s: %d %s", query, got.Status, got.Text)
		}
	}
	if !strings.Contains(k.log.String(), "operation put off") {
		t.Error("the log does not say why")
	}
}
