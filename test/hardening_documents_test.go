package test_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/web"
)

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// persisted asks for a document by its hash. It includes the document if query is not empty.
func persisted(query, hash string, version int) attempt {
	extensions := fmt.Sprintf(`"extensions":{"persistedQuery":{"version":%d,"sha256Hash":%q}}}`, version, hash)
	if query == "" {
		return attempt{body: `{` + extensions}
	}
	return attempt{body: strings.TrimSuffix(about(query, "").body, "}") + "," + extensions}
}

func (g *guarded) falseHashes() {
	const one, other = `{ one: __typename }`, `{ other: __typename }`
	unknown := refusal{code: "PERSISTED_QUERY_NOT_FOUND"}
	unsupported := refusal{code: "PERSISTED_QUERY_NOT_SUPPORTED"}
	mismatch := refusal{code: badUserInput}

	get := func(a attempt) attempt {
		query, extensions, _ := strings.Cut(strings.TrimSuffix(a.body[1:], "}"), `"extensions":`)
		query = strings.TrimSuffix(strings.TrimPrefix(query, `"query":"`), `",`)
		return attempt{
			method:  http.MethodGet,
			url:     "?query=" + url.QueryEscape(query) + "&extensions=" + url.QueryEscape(extensions),
			headers: []string{preflight, "x"},
		}
	}

	same := func(a attempt) attempt { return a }
	for _, by := range []func(attempt) attempt{same, get} {
		fresh := g.but(func(*web.Settings) {})
		fresh.refuses(by(persisted("", hashOf(one), 1)), unknown)
		for _, hash := range []string{
			hashOf(other), strings.ToUpper(hashOf(one)), hashOf(one)[1:], hashOf(one) + "0", "", marker,
			strings.Repeat("0", 64),
		} {
			fresh.refuses(by(persisted(one, hash, 1)), mismatch)
			fresh.refuses(by(persisted("", hash, 1)), unknown)
		}

		for _, version := range []int{0, 2, -1} {
			fresh.refuses(by(persisted(one, hashOf(one), version)), unsupported)
			fresh.refuses(by(persisted("", hashOf(one), version)), unsupported)
		}

		for _, invalid := range []string{`{ a }`, `{`, `{ ` + strings.Repeat("__typename ", 11) + `}`} { // not kept
			if got := fresh.try(by(persisted(invalid, hashOf(invalid), 1))); len(got.Errors) == 0 {
				g.t.Error(got.Text)
			}

			fresh.refuses(by(persisted("", hashOf(invalid), 1)), unknown)
		}

		fresh.answers(by(persisted(one, hashOf(one), 1)))
		for range 2 {
			if got := fresh.answers(by(persisted("", hashOf(one), 1))); got.Text != `{"data":{"one":"Query"}}` {
				g.t.Error(got.Text)
			}

			fresh.refuses(by(persisted(other, hashOf(one), 1)), mismatch)
		}
	}

	for _, extensions := range []string{
		`{"persistedQuery":1}`, `{"persistedQuery":[]}`, `{"persistedQuery":"` + marker + `"}`,
		`{"persistedQuery":{"version":"1","sha256Hash":"` + marker + `"}}`,
		`{"persistedQuery":{"version":1,"sha256Hash":1}}`,
		`{"persistedQuery":{"version":1.5}}`, `{"persistedQuery":{"version":1e99}}`,
		`{"persistedQuery":{"version":1,"version":1}}`,
	} {
		g.refuses(
			attempt{body: `{"query":"{ __typename }","extensions":` + extensions + `}`},
			badRequest(http.StatusBadRequest),
		)
	}

	g.refuses(attempt{body: `{"query":"{ __typename }","extensions":{"persistedQuery":{}}}`}, unsupported)
	g.answers(attempt{body: `{"query":"{ __typename }","extensions":{"persistedQuery":null}}`})
}

func (g *guarded) credentialsAreNotKept() {
	for query, kept := range map[string]bool{
		`{ __typename }`: true, `mutation { anonymousShopperTicket { userId } }`: true,
		`mutation ($a: String!) { refreshTicket(refreshToken: $a) { userId } }`:                          true,
		`mutation { refreshTicket(refreshToken: "x") { userId } }`:                                       false,
		`mutation { refreshTicket(refreshToken: """x""") { userId } }`:                                   false,
		`mutation ($a: String! = "x") { refreshTicket(refreshToken: $a) { userId } }`:                    false,
		`mutation { createUserTicket(input: {username: "ada", password: "` + marker + `"}) { userId } }`: false,
		`query A { __typename } mutation B { revokeTicket(refreshToken: "x") { sessionsEnded } }`:        false,
	} {
		fresh := g.but(func(*web.Settings) {})
		a := about(query, `{"a":"x"}`)
		a.body = strings.TrimSuffix(
			a.body, "}",
		) + `,"operationName":"` + map[bool]string{true: "A"}[strings.HasPrefix(query, "query A")] + `"}`
		fresh.try(a)
		fresh.try(a)
		if run := fresh.runs.documents; len(run) != 2 || (run[0] == run[1]) != kept {
			g.t.Errorf("%s: kept %v, run %d times", query, !kept, len(run))
		}

		registering := persisted(query, hashOf(query), 1)
		registering.body = strings.TrimSuffix(registering.body, "}") + `,"variables":{"a":"x"}}`
		fresh.try(registering)
		got := fresh.try(persisted("", hashOf(query), 1))
		if found := !strings.Contains(got.Text, "PERSISTED_QUERY_NOT_FOUND"); found != kept {
			g.t.Errorf("%s: registered: %t", query, found)
		}
	}
}

// TestHardeningMemory sends several times as many documents as the server keeps.
//
//nolint:paralleltest // it measures the heap
func TestHardeningMemory(t *testing.T) {
	long := strings.Repeat("x", 6_000)
	for name, sent := range map[string]struct {
		count      int
		query      string
		registered bool
		most       int64 // in MiB
	}{
		"10,000 distinct documents": {10_000, `{ a#: __typename }`, false, 4},
		"long documents":            {1_500, `{ a#: __typename } ##` + long, false, 4},
		"10,000 registrations":      {10_000, `{ a#: __typename }`, true, 4},
		"registrations of length":   {1_500, `{ a#: __typename } ##` + long, true, 4},
		"literal credentials": {
			1_500, `mutation { refreshTicket(refreshToken: "x#` + long + `") { userId } }`, false, 4,
		},
		"documents of many fields": {
			800,
			`{currentShopper{customerAccount{a#:id ` + strings.Repeat("id taxId userId userName ", 45) + `}}}`,
			false, 24,
		},
		"documents of many fragments": {
			2_000, `{currentShopper{customerAccount{a#:id ` + strings.Repeat("...{id}", 45) + `}}}`, false, 24,
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := open(t, sqlite(t))
			before := heap()
			for i := range sent.count {
				query := strings.Replace(sent.query, "#", fmt.Sprint(i), 1)
				a := about(query, "")
				if sent.registered {
					a = persisted(query, hashOf(query), 1)
				}

				request := httptest.NewRequestWithContext(
					t.Context(), http.MethodPost, "/graphql", strings.NewReader(a.body),
				)
				request.Header.Set("Content-Type", jsonType)
				answer := httptest.NewRecorder()
				o.handler.ServeHTTP(answer, request)
				if text := answer.Body.String(); i == 0 && strings.Contains(text, validationFailed) {
					t.Fatalf("refused documents are not kept, so this measures nothing: %s", text)
				}

				o.log.clear()
			}

			if grown := heap() - before; grown > sent.most<<20 {
				t.Errorf("%d MiB are kept", grown>>20)
			}

			runtime.KeepAlive(o.handler)
		})
	}
}

// heap returns the bytes in use after a garbage collection.
func heap() int64 {
	for range 3 {
		runtime.GC()
		time.Sleep(20 * time.Millisecond)
	}

	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return int64(memory.HeapAlloc)
}
