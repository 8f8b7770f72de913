package test_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/web"
)

const listed, unlisted = `query A { __typename }`, `query B { __typename }`

// trusting serves an office that trusts documents. It may refuse all others.
func (g *guarded) trusting(noOthers bool, documents ...string) *guarded {
	return g.but(func(s *web.Settings) {
		s.TrustedOnly, s.TrustedDocuments = noOthers, map[string]string{}
		for _, text := range documents {
			s.TrustedDocuments[hashOf(text)] = text
		}
	})
}

func TestTrustedDocuments(t *testing.T) {
	t.Parallel()

	g := guard(t, func(*web.Settings) {})
	secret := `mutation { refreshTicket(refreshToken: "x") { userId } }` // a trusted document may contain a string
	strict, lenient := g.trusting(true, listed, secret), g.trusting(false, listed, secret)
	untrusted := refusal{code: "FORBIDDEN", reason: "DOCUMENT_NOT_TRUSTED", nextStep: "FIX_INPUT"}

	for _, office := range []*guarded{strict, lenient} {
		for _, a := range []attempt{
			persisted("", hashOf(listed), 1), persisted(listed, hashOf(listed), 1), about(listed, ""),
		} {
			if got := office.answers(a); got.Text != `{"data":{"__typename":"Query"}}` {
				t.Error(got.Text)
			}
		}

		expect(t, office.try(persisted("", hashOf(secret), 1)), "TOKEN_INVALID")

		// A hash works only with its own text, listed or not.
		for _, a := range []attempt{
			persisted(unlisted, hashOf(listed), 1), persisted(listed, hashOf(unlisted), 1),
			persisted(secret, hashOf(listed), 1), persisted(listed+" ", hashOf(listed), 1),
		} {
			office.refuses(a, refusal{code: badUserInput})
		}

		office.refuses(persisted("", hashOf(unlisted), 1), refusal{code: "PERSISTED_QUERY_NOT_FOUND"})
	}

	for _, text := range []string{unlisted, listed + " ", strings.ToLower(listed), listed + unlisted} {
		strict.refuses(about(text, ""), untrusted)
		strict.refuses(persisted(text, hashOf(text), 1), untrusted)
		strict.refuses(persisted("", hashOf(text), 1), refusal{code: "PERSISTED_QUERY_NOT_FOUND"})
	}

	strict.refuses(about("", ""), badRequest(http.StatusBadRequest))
	lenient.answers(about(unlisted, ""))
	lenient.answers(persisted(unlisted, hashOf(unlisted), 1))
	lenient.answers(persisted("", hashOf(unlisted), 1))
}

// The server does not start with a document that it would refuse, and lists all such documents.
func TestTrustedDocumentsThatCannotBeRun(t *testing.T) {
	t.Parallel()

	settings := guard(t, func(*web.Settings) {}).settings
	refused := map[string]string{
		"of another schema": `{ nothing }`, "no GraphQL": `{`,
		"beyond a limit":     `{ ` + each(11, "a#: __typename ") + `}`,
		"too long":           `{ __typename } #` + strings.Repeat("x", settings.Limits.Document),
		"of too many tokens": `{ ` + strings.Repeat("a ", settings.Limits.Tokens) + `}`,
		"of two guesses": `mutation ($a: String!) { a: refreshTicket(refreshToken: $a) { userId } b: ` +
			`refreshTicket(refreshToken: $a) { userId } }`,
	}

	settings.TrustedDocuments = refused
	_, err := web.New(settings)
	if err == nil {
		t.Fatal("starts")
	}

	for id := range refused {
		if !strings.Contains(err.Error(), "operation "+id+": ") {
			t.Errorf("no message about a document %s: %v", id, err)
		}
	}

	settings.TrustedDocuments = map[string]string{hashOf(listed): listed}
	if _, err := web.New(settings); err != nil {
		t.Error(err)
	}
}
