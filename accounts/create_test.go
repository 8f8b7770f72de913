package accounts_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/storage/storagetest"
)

// values are the values of a record, by field.
type values map[string]any

func (v values) record(t testing.TB) *accounts.Record {
	t.Helper()
	var record accounts.Record

	for field, value := range v {
		must(t, record.SetValue(field, value))
	}
	return &record
}

func TestSetValue(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		field string
		value any
		want  string
	}{
		{"firstName", "x", ""},
		{"firstName", nil, ""},
		{"firstName", json.RawMessage(`"\u00e9"`), ""},
		{"firstName", json.RawMessage(` null `), ""},
		{"firstName", true, "firstName must be a text"},
		{"firstName", json.RawMessage(`7`), "firstName must be a text"},
		{"firstName", json.RawMessage(`"`), "firstName is not JSON"},
		{"firstName", json.RawMessage(``), "firstName is not JSON"},
		{"firstName", json.RawMessage(nil), "firstName is not JSON"},
		{"firstName", json.RawMessage("\"\xff\""), "firstName is not JSON"},
		{"firstName", 7, "firstName must be a text"},
		{"userName", nil, "userName must not be empty"},
		{"taxExempt", true, ""},
		{"taxExempt", json.RawMessage(`false`), ""},
		{"taxExempt", nil, "taxExempt must be true or false"},
		{"taxExempt", "true", "taxExempt must be true or false"},
		{"attributes", nil, ""},
		{"attributes", json.RawMessage(` [{"fullyQualifiedName":"a","values":[1.0]}]`), ""},
		{"attributes", []any{}, "attributes must be a JSON list"},
		{"attributes", json.RawMessage(`[[]]`), "attribute 1: not a JSON object"},
		{"customerSinceDate", json.RawMessage(`"2026-11-24T09:30:00Z"`), ""},
		{"id", 7, ""},
		{"hash", "x", "hash is not a field of an account"},
		{"no field!", json.RawMessage(`{`), "a key is not JSON"},
	} {
		var record accounts.Record
		err := record.SetValue(test.field, test.value)

		_, isRefused := errors.AsType[accounts.RefusedError](err)
		if isRefused != (test.want != "") || isRefused && err.Error() != test.want {
			t.Errorf("%s %s: got %v, want %s", test.field, test.value, err, test.want)
		}
	}

	if !new(accounts.Record).IsEmpty() || (values{"taxId": nil}).record(t).IsEmpty() {
		t.Error("a record with a field is empty, or one without fields is not")
	}
}

const isTaken = " is a name that another account signs in with"

func TestCreateOne(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		b := openBook(t, url)
		record := values{
			"userName":     "Ada",
			"emailAddress": "ada@x.org",
			"externalId":   "A",
			"isLocked":     true,
			"password":     "right",
			"attributes":   json.RawMessage(`[{"fullyQualifiedName":"a","values":[1.0]}]`),
		}

		created, err := b.Create(t.Context(), access.Operator(), record.record(t))
		must(t, err)
		stored := b.find("ada")
		if diff := cmp.Diff(stored.Attributes, created.Attributes, cmp.Transformer("", attributeOf)); diff != "" {
			t.Errorf("attributes: stored -, returned +\n%s", diff)
		}
		if !created.IsLocked || *created.ID != *stored.ID || !b.signsIn(created, "right") {
			t.Errorf("%+v", created)
		}

		for want, record := range map[string]values{
			"the account exists already":                            {"userName": "x", "externalId": "A"},
			"userName" + isTaken:                                    {"userName": "ADA", "externalId": "B"},
			"emailAddress" + isTaken:                                {"userName": "x", "emailAddress": "ADA@x.org"},
			"userName is missing, and there is no such account yet": {"firstName": "x"},
			"userId belongs to another account": {
				"userName": "x",
				"userId":   created.UserID.String(),
			},
		} {
			account, err := b.Create(t.Context(), access.Operator(), record.record(t))
			wantRefusal(t, account, err, want)
		}
	})
}

// wantRefusal fails unless an operation was refused for a reason.
func wantRefusal(t *testing.T, account *models.CustomerAccount, err error, want string) {
	t.Helper()
	_, isRefused := errors.AsType[accounts.RefusedError](err)

	if account != nil || !isRefused || err.Error() != want {
		t.Errorf("got %v, %v, want %s", account, err, want)
	}
}
