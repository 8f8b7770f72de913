package test_test

import (
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"golang.org/x/crypto/bcrypt"

	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/graph"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage"
	"github.com/authtickets/authtickets/storage/storagetest"
	"github.com/authtickets/authtickets/tickets"
	"github.com/authtickets/authtickets/web"
)

var noHash secret.Text

func secretText(text string) secret.Text { return secret.New(text) }

func sqlite(t *testing.T) string {
	t.Helper()
	return storagetest.SQLite(t)
}

func bcryptOfRightPassword(t *testing.T) secret.Text {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(rightPassword), bcrypt.MinCost)
	must(t, err)
	return secret.New(string(hash))
}

// unescaped writes & as itself, like some JSON encoders.
func unescaped(text string) string { return strings.ReplaceAll(text, `\u0026`, `&`) }

type webSettings = web.Settings

func schemaOf(office *tickets.Office, book *accounts.Book) graphql.ExecutableSchema {
	return graph.NewSchema(&graph.Resolver{Office: office, Accounts: book}, false)
}

// insertSessions writes rows without any change.
func (o *office) insertSessions(sessions []models.Session) {
	o.t.Helper()
	for i := range sessions {
		_, err := o.Store.BeginSession(o.t.Context(), &sessions[i], storage.AtAnyTime)
		must(o.t, err)
	}
}
