package accounts_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/storage/storagetest"
)

// values are what a record says, by field.
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
		if _, refused := errors.AsType[accounts.RefusedError](err); refused != (test.want != "") || (refused && err.Error() != test.want) {
			t.Errorf("%s %s: got %v, want %s", test.field, test.value, err, test.want)
		}
	}
	if !new(accounts.Record).IsEmpty() || (values{"taxId": nil}).record(t).IsEmpty() {
		t.Error("a record that says something is taken for empty, or the other way round")
	}
}

func TestCreateOne(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		b := openBook(t, url)
		record := values{
			"userName": "Ada", "emailAddress": "ada@x.org", "externalId": "A", "isLocked": true, "password": "right",
			"attributes": json.RawMessage(`[{"fullyQualifiedName":"a","values":[1.0]}]`),
		}
		created, err := b.Create(t.Context(), access.Operator(), record.record(t))
		must(t, err)
		stored := b.find("ada")
		if diff := cmp.Diff(stored.Attributes, created.Attributes, cmp.Transformer("", attributeOf)); diff != "" || !created.IsLocked || *created.ID != *stored.ID || !b.signsIn(created, "right") {
			t.Errorf("%+v, attributes %s", created, diff)
		}
		for want, record := range map[string]values{
			"the account exists already":                                {"userName": "x", "externalId": "A"},
			"userName is a name that another account signs in with":     {"userName": "ADA", "externalId": "B"},
			"emailAddress is a name that another account signs in with": {"userName": "x", "emailAddress": "ADA@x.org"},
			"userName is missing, and there is no such account yet":     {"firstName": "x"},
			"userId is that of another account":                         {"userName": "x", "userId": created.UserID.String()},
		} {
			account, err := b.Create(t.Context(), access.Operator(), record.record(t))
			if _, refused := errors.AsType[accounts.RefusedError](err); account != nil || !refused || err.Error() != want {
				t.Errorf("got %v, %v, want %s", account, err, want)
			}
		}
	})
}

func attributeOf(a models.CustomerAttribute) string {
	return fmt.Sprintf("%s %v %s", a.FullyQualifiedName, a.AttributeDefinitionID, a.Values)
}

// An update changes the account that the key names and no other, whatever keys the record gives it.
func TestUpdateOne(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		b := openBook(t, url)
		b.want("created 2", `{"userName":"ada","emailAddress":"ada@x.org","externalId":"A","attributes":[{"fullyQualifiedName":"a","values":[1]}]}`+"\n"+
			`{"userName":"bob","emailAddress":"bob@x.org","externalId":"B"}`)
		ada, bob := b.find("ada"), b.dump("bob")
		byID := accounts.Key{ID: ada.ID}
		for _, step := range []struct {
			name   string
			key    accounts.Key
			values values
			change map[string]string
		}{
			{"nothing", byID, values{}, nil},
			{"what is the case", accounts.Key{UserName: new("ADA")}, values{"userName": "ada", "externalId": "A"}, nil},
			{"another name", accounts.Key{EmailAddress: new("Ada@X.org")}, values{"userName": "Ada2"}, map[string]string{"userName": "Ada2"}},
			{"another external id", accounts.Key{ExternalID: new("A")}, values{"externalId": "A2", "userName": "ada3"}, map[string]string{"userName": "ada3", "externalId": "A2"}},
			{"an external id that had another name", accounts.Key{UserID: &ada.UserID}, values{"externalId": "A", "firstName": "Ada"}, map[string]string{"externalId": "A", "firstName": "Ada"}},
			{"its own names the other way round", byID, values{"userName": "ada@x.org", "emailAddress": nil}, map[string]string{"userName": "ada@x.org", "emailAddress": "-"}},
			{"no external id", byID, values{"externalId": nil, "attributes": nil}, map[string]string{"externalId": "-", "attributes": ""}},
		} {
			want := b.dump(b.nameOf(byID))
			maps.Copy(want, step.change)
			got, err := b.Update(t.Context(), access.Operator(), step.key, step.values.record(t))
			if err != nil {
				t.Errorf("%s: %v", step.name, err)
				continue
			}
			if diff := cmp.Diff(want, b.dump(*got.UserName)); diff != "" {
				t.Errorf("%s: want -, got +\n%s", step.name, diff)
			}
			if stored := b.find(*got.UserName); !slices.EqualFunc(stored.Attributes, got.Attributes, func(a, b models.CustomerAttribute) bool { return attributeOf(a) == attributeOf(b) }) {
				t.Errorf("%s: returns other attributes than are stored: %v", step.name, got.Attributes)
			}
		}
		for _, test := range []struct {
			want   string
			values values
		}{
			{"userName is a name that another account signs in with", values{"userName": "BOB"}},
			{"emailAddress is a name that another account signs in with", values{"emailAddress": "Bob@x.org", "firstName": "changed"}},
			{"externalId is that of another account", values{"externalId": "B"}},
			{"userId is not that of the account, and it cannot change", values{"userId": bob["userId"]}},
			{"userId is not that of the account, and it cannot change", values{"userId": "0123456789abcdef0123456789abcdef"}},
		} {
			before := b.dump(b.nameOf(byID))
			account, err := b.Update(t.Context(), access.Operator(), byID, test.values.record(t))
			if _, refused := errors.AsType[accounts.RefusedError](err); account != nil || !refused || err.Error() != test.want {
				t.Errorf("got %v, %v, want %s", account, err, test.want)
			}
			if diff := cmp.Diff(before, b.dump(b.nameOf(byID))); diff != "" {
				t.Errorf("%s: it was changed all the same\n%s", test.want, diff)
			}
		}
		for _, key := range []accounts.Key{{ID: new(int64(99))}, {UserName: new("ada")}, {UserName: new("a\x00b")}, {ExternalID: new("A")}, {UserID: &models.ID{1}}} {
			if _, err := b.Update(t.Context(), access.Operator(), key, values{"firstName": "x"}.record(t)); !errors.Is(err, accounts.ErrNotFound) {
				t.Errorf("%+v: %v", key, err)
			}
		}
		if diff := cmp.Diff(bob, b.dump("bob")); diff != "" {
			t.Errorf("another account was changed: %s", diff)
		}
	})
}

// nameOf returns the user name that an account has now.
func (b *book) nameOf(key accounts.Key) string {
	b.t.Helper()
	account, err := b.Find(b.t.Context(), access.Operator(), key, accounts.Whole())
	must(b.t, err)
	return *account.UserName
}

func TestUpdateEndsSessions(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		b := openBook(t, url)
		b.want("created 2", `{"userName":"ada","password":"old"}`+"\n"+`{"userName":"bob"}`)
		ada := accounts.Key{UserName: new("ada")}
		other := b.session(b.find("bob"))
		for _, step := range []struct {
			name   string
			values values
			ended  models.Reason
		}{
			{"the same password", values{"password": "old"}, ""},
			{"another field", values{"firstName": "Ada", "isLocked": true}, ""},
			{"another password", values{"password": "new"}, models.ReasonPasswordChanged},
			{"inactive", values{"isActive": false}, models.ReasonAccountInactive},
			{"still inactive", values{"isActive": false}, ""},
			{"both", values{"isActive": true, "passwordHash": nil}, models.ReasonPasswordChanged},
		} {
			ended := b.session(b.find("ada"))
			if _, err := b.Update(t.Context(), access.Operator(), ada, step.values.record(t)); err != nil {
				t.Errorf("%s: %v", step.name, err)
			}
			if got := ended(); got != step.ended {
				t.Errorf("%s: the session ends with %q", step.name, got)
			}
		}
		if b.find("ada").PasswordHash.Reveal() != "" || other() != "" {
			t.Error("the password is still there, or another's session has ended")
		}
	})
}

// Of many that take one name at once, one gets it, and no change of another field gets lost.
func TestUpdateRace(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		b := openBook(t, url)
		const all = 8
		for i := range all {
			b.want("created 1", fmt.Sprintf(`{"userName":"ada%d"}`, i))
		}
		var group sync.WaitGroup
		winners, refusals := make(chan string, all), make(chan error, all)
		for i := range all {
			group.Go(func() {
				key := accounts.Key{UserName: new(fmt.Sprintf("ada%d", i))}
				account, err := b.Update(t.Context(), access.Operator(), key, values{"userName": "wanted"}.record(t))
				if err == nil {
					winners <- account.UserID.String()
				} else {
					refusals <- err
				}
			})
		}
		group.Wait()
		close(refusals)
		for err := range refusals {
			if _, refused := errors.AsType[accounts.RefusedError](err); !refused {
				t.Error(err)
			}
		}
		if len(winners) != 1 || b.find("wanted").UserID.String() != <-winners {
			t.Fatal("nobody got the name, or more than one")
		}
		fields := []string{"firstName", "lastName", "taxId", "customerSet", "accountType", "localeCode", "companyOrOrganization", "emailAddress"}
		for i, field := range fields {
			group.Go(func() {
				_, err := b.Update(t.Context(), access.Operator(), accounts.Key{UserName: new("wanted")}, values{field: fmt.Sprintf("x%d@x.org", i)}.record(t))
				if err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		got := b.find("wanted")
		for i, value := range []*string{got.FirstName, got.LastName, got.TaxID, got.CustomerSet, got.AccountType, got.LocaleCode, got.CompanyOrOrganization, got.EmailAddress} {
			if plain(value) != fmt.Sprintf("x%d@x.org", i) {
				t.Errorf("%s is %s", fields[i], plain(value))
			}
		}
	})
}
