package accounts_test

import (
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

func attributeOf(a models.CustomerAttribute) string {
	return fmt.Sprintf("%s %v %s", a.FullyQualifiedName, a.AttributeDefinitionID, a.Values)
}

// updates are changes of the account "ada", each with another key.
func updates(ada *models.CustomerAccount) []update {
	byID := accounts.Key{ID: ada.ID}
	return []update{
		{name: "nothing", key: byID},
		{
			name:   "the same values",
			key:    accounts.Key{UserName: new("ADA")},
			values: values{"userName": "ada", "externalId": "A"},
		},
		{
			name:   "another name",
			key:    accounts.Key{EmailAddress: new("Ada@X.org")},
			values: values{"userName": "Ada2"},
			change: map[string]string{"userName": "Ada2"},
		},
		{
			name:   "another external id",
			key:    accounts.Key{ExternalID: new("A")},
			values: values{"externalId": "A2", "userName": "ada3"},
			change: map[string]string{"userName": "ada3", "externalId": "A2"},
		},
		{
			name:   "the external id it had before",
			key:    accounts.Key{UserID: &ada.UserID},
			values: values{"externalId": "A", "firstName": "Ada"},
			change: map[string]string{"externalId": "A", "firstName": "Ada"},
		},
		{
			name:   "its e-mail address as user name",
			key:    byID,
			values: values{"userName": "ada@x.org", "emailAddress": nil},
			change: map[string]string{"userName": "ada@x.org", "emailAddress": "-"},
		},
		{
			name:   "no external id",
			key:    byID,
			values: values{"externalId": nil, "attributes": nil},
			change: map[string]string{"externalId": "-", "attributes": ""},
		},
	}
}

// update is a change of an account, and how its dump changes.
type update struct {
	name   string
	key    accounts.Key
	values values
	change map[string]string
}

// An update changes only the account that the key names, no matter which keys the record gives it.
func TestUpdateOne(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		b := openBook(t, url)
		b.want("created 2", `{"userName":"ada","emailAddress":"ada@x.org","externalId":"A",`+
			`"attributes":[{"fullyQualifiedName":"a","values":[1]}]}`+"\n"+
			`{"userName":"bob","emailAddress":"bob@x.org","externalId":"B"}`)
		ada, bob := b.find("ada"), b.dump("bob")

		for _, step := range updates(ada) {
			b.testUpdate(t, ada, step)
		}
		testRefusedUpdates(t, b, ada, bob)

		for _, key := range []accounts.Key{
			{ID: new(int64(99))},
			{UserName: new("ada")},
			{UserName: new("a\x00b")},
			{ExternalID: new("A")},
			{UserID: &models.ID{1}},
		} {
			_, err := b.Update(t.Context(), access.Operator(), key, values{"firstName": "x"}.record(t))
			if !errors.Is(err, accounts.ErrNotFound) {
				t.Errorf("%+v: %v", key, err)
			}
		}
		if diff := cmp.Diff(bob, b.dump("bob")); diff != "" {
			t.Errorf("another account was changed: %s", diff)
		}
	})
}

func (b *book) testUpdate(t *testing.T, ada *models.CustomerAccount, step update) {
	t.Helper()
	want := b.dump(b.nameOf(accounts.Key{ID: ada.ID}))
	maps.Copy(want, step.change)

	got, err := b.Update(t.Context(), access.Operator(), step.key, step.values.record(t))
	if err != nil {
		t.Errorf("%s: %v", step.name, err)
		return
	}

	if diff := cmp.Diff(want, b.dump(*got.UserName)); diff != "" {
		t.Errorf("%s: want -, got +\n%s", step.name, diff)
	}
	same := func(a, b models.CustomerAttribute) bool { return attributeOf(a) == attributeOf(b) }
	if stored := b.find(*got.UserName); !slices.EqualFunc(stored.Attributes, got.Attributes, same) {
		t.Errorf("%s: the returned attributes are not the stored ones: %v", step.name, got.Attributes)
	}
}

func testRefusedUpdates(t *testing.T, b *book, ada *models.CustomerAccount, bob map[string]string) {
	t.Helper()
	const fixed = "userId differs from the account's, and it cannot change"
	byID := accounts.Key{ID: ada.ID}

	for _, test := range []struct {
		want   string
		values values
	}{
		{"userName" + isTaken, values{"userName": "BOB"}},
		{"emailAddress" + isTaken, values{"emailAddress": "Bob@x.org", "firstName": "changed"}},
		{"externalId belongs to another account", values{"externalId": "B"}},
		{fixed, values{"userId": bob["userId"]}},
		{fixed, values{"userId": "0123456789abcdef0123456789abcdef"}},
	} {
		before := b.dump(b.nameOf(byID))
		account, err := b.Update(t.Context(), access.Operator(), byID, test.values.record(t))
		wantRefusal(t, account, err, test.want)

		if diff := cmp.Diff(before, b.dump(b.nameOf(byID))); diff != "" {
			t.Errorf("%s: the account was changed\n%s", test.want, diff)
		}
	}
}

// nameOf returns the current user name of an account.
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
			t.Error("the password is still there, or a session of another account has ended")
		}
	})
}

// If many take one name at once, only one gets it. If many change different fields at once, all
// changes are kept.
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

		changed := values{}
		for i, field := range []string{
			"firstName", "lastName", "taxId", "customerSet",
			"accountType", "localeCode", "companyOrOrganization", "emailAddress",
		} {
			changed[field] = fmt.Sprintf("x%d@x.org", i)
		}
		for field, value := range changed {
			group.Go(func() {
				key := accounts.Key{UserName: new("wanted")}
				_, err := b.Update(t.Context(), access.Operator(), key, values{field: value}.record(t))
				if err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()

		got := b.find("wanted")
		for field, value := range changed {
			if text := line(t, accounts.FieldNamed(field).In(got)); text != line(t, value) {
				t.Errorf("%s is %s, want %s", field, text, value)
			}
		}
	})
}
