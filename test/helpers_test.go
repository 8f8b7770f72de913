package test_test

import (
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage/storagetest"
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

// unescaped writes & as itself, as some JSON encoders do.
func unescaped(text string) string { return strings.ReplaceAll(text, `\u0026`, `&`) }
