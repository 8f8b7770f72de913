package program_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/storage/storagetest"
)

const (
	kiboShoppers     = "/api/commerce/customer/authtickets"
	kiboApplications = "/api/platform/applications/authtickets"
)

// With three replicas, one of them accepts at once what another has issued under Kibo's names. All
// know within 5 seconds that an application's ticket is over.
func TestKiboOnReplicas(t *testing.T) {
	t.Parallel()

	storagetest.Each(t, func(t *testing.T, url string) {
		r := newKiboReplicas(t, url)
		r.describesTheTenant()
		r.shopperMovesBetweenReplicas()
		r.deletionArrives()
		r.newSecretArrives()
		r.disablingArrives()
	})
}

// kiboReplicas are three servers on one database, and an application of theirs.
type kiboReplicas struct {
	*site

	t       *testing.T
	servers []*server
	secret  string
}

func newKiboReplicas(t *testing.T, url string) *kiboReplicas {
	t.Helper()
	s := newSite(t, url)
	s.customer("ada", rightPassword)
	r := &kiboReplicas{site: s, t: t, secret: s.secretOf("shop")}
	for range 3 {
		r.servers = append(r.servers, s.start("--kibo", "--kibo-tenant=7", "--kibo-sites=5=shop,6=nobody",
			"--issuer=https://tickets.example"))
	}
	return r
}

// kiboTicket has the fields of both kinds of tickets.
type kiboTicket struct{ AccessToken, RefreshToken, UserID string }

// call sends a request to a resource, and fails unless the answer has this status.
func (r *kiboReplicas) call(
	at *server, want int, method, path, body string, headers ...string,
) (ticket kiboTicket) {
	r.t.Helper()
	status, text := r.send(at, method, path, body, headers...)
	if status != want {
		r.t.Fatalf("%s %.50s: %d %s", method, path, status, text)
	}
	if text != "" {
		must(r.t, json.Unmarshal([]byte(text), &ticket))
	}
	return ticket
}

func (r *kiboReplicas) send(at *server, method, path, body string, headers ...string) (status int, text string) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(soon(r.t), method, at.url+path, strings.NewReader(body))
	must(r.t, err)
	request.Header.Set("Content-Type", jsonType)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	got, err := send(at.client, request)
	must(r.t, err)
	return got.Status, got.Text
}

// sentWithSecret is the body that asks for a ticket of the application.
func (r *kiboReplicas) sentWithSecret() string {
	return `{"applicationId":"shop","sharedSecret":"` + r.secret + `"}`
}

// applicationTicket gets the application a ticket.
func (r *kiboReplicas) applicationTicket(at *server) kiboTicket {
	r.t.Helper()
	return r.call(at, http.StatusOK, http.MethodPost, kiboApplications, r.sentWithSecret())
}

// allAnswer fails unless all replicas answer an application's access token with this status within
// 5 seconds.
func (r *kiboReplicas) allAnswer(want int, what, accessToken string) {
	r.t.Helper()
	within(r.t, 5*time.Second, what, func() bool {
		return !slices.ContainsFunc(r.servers, func(replica *server) bool {
			status, _ := r.send(replica, http.MethodGet, kiboShoppers+"/anonymousshopper", "",
				"x-vol-app-claims", accessToken)
			return status != want
		})
	})
}

// describesTheTenant fails unless clients learn to send their requests to the host of --issuer.
func (r *kiboReplicas) describesTheTenant() {
	r.t.Helper()
	replica := r.servers[0]
	status, text := r.send(replica, http.MethodGet, "/api/platform/tenants/7", "",
		"x-vol-app-claims", r.applicationTicket(replica).AccessToken)
	if status != http.StatusOK || !strings.Contains(text, `"domain":"tickets.example"`) {
		r.t.Errorf("%d %s", status, text)
	}

	if replica.stderr.count("names an application that does not exist", `"site":"6"`, `"application":"nobody"`) != 1 ||
		replica.stderr.count("names an application that does not exist") != 1 {
		r.t.Error("the log does not say which site has no application")
	}
}

// shopperMovesBetweenReplicas sends each request of a shopper to the next replica.
func (r *kiboReplicas) shopperMovesBetweenReplicas() {
	r.t.Helper()
	a, b, c := r.servers[0], r.servers[1], r.servers[2]
	application := []string{"Authorization", "Bearer " + r.applicationTicket(a).AccessToken}

	anonymous := r.call(b, http.StatusOK, http.MethodGet, kiboShoppers+"/anonymousshopper", "", application...)
	claims := append([]string{"x-vol-user-claims", anonymous.AccessToken}, application...)
	signedIn := r.call(c, http.StatusOK, http.MethodPost, kiboShoppers,
		`{"username":"ada","password":"`+rightPassword+`"}`, claims...)
	r.call(a, http.StatusUnauthorized, http.MethodPut,
		kiboShoppers+"/refresh?refreshToken="+anonymous.RefreshToken, "", application...)

	next := signedIn
	for _, replica := range r.servers {
		next = r.call(replica, http.StatusOK, http.MethodPut,
			kiboShoppers+"/refresh?refreshToken="+next.RefreshToken, "", application...)
		if next.UserID != signedIn.UserID {
			r.t.Error("the session continues as somebody else's")
		}
	}

	answer := b.ask(operation{`{ getCurrentAccount { userName } }`, nil},
		append([]string{"x-vol-user-claims", next.AccessToken}, application...)...)
	if got := string(answer.Data["getCurrentAccount"]); got != `{"userName":"ada"}` {
		r.t.Errorf("getCurrentAccount: %s", answer.Text)
	}
}

// deletionArrives deletes an application's ticket on one replica.
func (r *kiboReplicas) deletionArrives() {
	r.t.Helper()
	first := r.applicationTicket(r.servers[0])
	renewed := r.call(r.servers[1], http.StatusOK, http.MethodPut, kiboApplications+"/refresh-ticket",
		`{"refreshToken":"`+first.RefreshToken+`"}`)
	other := r.applicationTicket(r.servers[1])
	r.call(r.servers[2], http.StatusOK, http.MethodDelete, kiboApplications+"/"+first.RefreshToken, "")

	for _, replica := range r.servers { // a renewal asks the database, so it is refused at once
		r.call(replica, http.StatusUnauthorized, http.MethodPut, kiboApplications+"/refresh-ticket",
			`{"refreshToken":"`+renewed.RefreshToken+`"}`)
	}
	r.allAnswer(http.StatusUnauthorized, "a deleted ticket", first.AccessToken)
	r.allAnswer(http.StatusUnauthorized, "what it was renewed to", renewed.AccessToken)
	r.allAnswer(http.StatusOK, "another ticket", other.AccessToken)
}

// newSecretArrives replaces the application's secret, which ends all its tickets.
func (r *kiboReplicas) newSecretArrives() {
	r.t.Helper()
	before := r.applicationTicket(r.servers[0])
	r.secret = shownSecret.FindString(r.operate("application", "rotate-secret", "shop"))

	r.allAnswer(http.StatusUnauthorized, "a ticket of the secret before", before.AccessToken)
	within(r.t, 5*time.Second, "the new secret", func() bool {
		return !slices.ContainsFunc(r.servers, func(replica *server) bool {
			status, _ := r.send(replica, http.MethodPost, kiboApplications, r.sentWithSecret())
			return status != http.StatusOK
		})
	})
}

// disablingArrives disables the application.
func (r *kiboReplicas) disablingArrives() {
	r.t.Helper()
	before := r.applicationTicket(r.servers[0])
	r.operate("application", "disable", "shop", "--yes")
	r.allAnswer(http.StatusForbidden, "a ticket of a disabled application", before.AccessToken)
}

// Not more than 100,000 tickets of applications can end early, so that their ids fit into memory.
func TestKiboDeletionsAreBounded(t *testing.T) {
	t.Parallel()

	r := newKiboReplicas(t, storagetest.SQLite(t))
	replica := r.servers[0]
	ended, other := r.applicationTicket(replica), r.applicationTicket(replica)
	r.call(replica, http.StatusOK, http.MethodDelete, kiboApplications+"/"+ended.RefreshToken, "")
	r.allAnswer(http.StatusUnauthorized, "a deleted ticket", ended.AccessToken)

	_, err := r.database().ExecContext(t.Context(), `WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL `+
		`SELECT i + 1 FROM n WHERE i < 100000) INSERT INTO ended_application_tickets (id, expires_at) `+
		`SELECT randomblob(16), (SELECT expires_at FROM ended_application_tickets) FROM n`)
	must(t, err)
	within(t, 10*time.Second, "the list is full", func() bool {
		status, text := r.send(replica, http.MethodDelete, kiboApplications+"/"+other.RefreshToken, "")
		if status == http.StatusOK { // the server had not read the rows, so this is another one
			other = r.applicationTicket(replica)
		}
		return status == http.StatusServiceUnavailable && strings.Contains(text, `"BUSY"`)
	})
	r.call(replica, http.StatusOK, http.MethodDelete, kiboApplications+"/"+ended.RefreshToken, "")
	r.call(replica, http.StatusOK, http.MethodGet, kiboShoppers+"/anonymousshopper", "",
		"x-vol-app-claims", other.AccessToken)
}
