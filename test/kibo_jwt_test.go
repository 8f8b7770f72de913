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

	onEachKibo(t, func(t *testing.T, k *tradition) {
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

// longLifetimes are the longest lifetimes that an application can have.
func longLifetimes() applications.Change {
	return applications.Change{
		AnonymousRefreshLifetime: new(applications.LongestSession),
		SessionLifetime:          new(applications.LongestSession),
	}
}

// A site selects the application of its shoppers, if the request names no other.
func TestKiboSites(t *testing.T) {
	t.Parallel()

	k := open(t, sqlite(t)).kibo()
	k.application("kiosk", false, applications.Change{})
	applicationOf := func(headers ...string) string {
		t.Helper()
		got := k.call(http.MethodGet, anonymousPath, "", headers...)
		if got.Status != http.StatusOK {
			return got.data("reason")
		}
		return claimsOf(t, got.JWTAccessToken)["client_id"].(string)
	}
	for _, c := range []struct {
		want    string
		headers []string
	}{
		{"storefront", []string{"x-vol-site", "7"}},
		{"storefront", []string{"x-vol-site", "7", "x-vol-tenant", "12345", "x-vol-catalog", "1"}},
		{"kiosk", []string{"x-vol-site", "7", "x-application", "kiosk"}},
		{"shop-app", append([]string{"x-vol-site", "7"}, k.app...)},
		{"shop-app", append([]string{"x-vol-site", "9"}, k.app...)},
		{"APPLICATION_INVALID", []string{"x-vol-site", "9"}},
		{"APPLICATION_MISSING", []string{"x-vol-site", ""}},
		{"APPLICATION_INVALID", []string{"x-vol-site", "7", "x-vol-site", "7"}},
		{"APPLICATION_MISSING", nil},
		{"APPLICATION_INVALID", []string{"x-vol-site", "7", "x-application", "nobody"}},
		{"APPLICATION_INVALID", append([]string{"x-application", "kiosk"}, k.app...)},
	} {
		if got := applicationOf(c.headers...); got != c.want {
			t.Errorf("%s: got %s, want %s", c.headers, got, c.want)
		}
	}

	expect(t, k.post(issueQuery, nil, "x-vol-site", "7"), "")
	got := k.post(`mutation { anonymousShopperTicket { jwtAccessToken } }`, nil, k.app...)
	if _, _, claims := jwtOf(t, got, "anonymousShopperTicket"); claims["client_id"] != "shop-app" {
		t.Errorf("%v", claims)
	}
}
