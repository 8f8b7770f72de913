package accounts_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage/storagetest"
)

const everyField = `{"userName":"Ada","emailAddress":"Ada@Example.com","externalId":"C-1",
"firstName":"Ada","lastName":"Łovelace","accountType":"B2C","companyOrOrganization":"O & M",
"customerSet":"gold","localeCode":"en-GB","taxId":"T1","taxExempt":true,"acceptsMarketing":true,
"customerSinceDate":"2001-02-03T04:05:06.789+02:00","isActive":false,"isLocked":true,
"userId":"0123456789ABCDEF0123456789abcdef","id":77,"hasExternalPassword":"whatever","isAnonymous":false,
"attributes":[{"fullyQualifiedName":"b","values":[12345678901234567890.10,null,{"k":[]}]},
{"fullyQualifiedName":"a","attributeDefinitionId":-7,"values":[]}]}`

func TestImportFields(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		b := openBook(t, url)
		row := strings.ReplaceAll(everyField, "\n", " ")
		b.want("created 1", row)
		want := map[string]string{
			"userName":     "Ada",
			"emailAddress": "Ada@Example.com",
			"externalId":   "C-1",
			"firstName":    "Ada",
			"lastName":     "Łovelace",
			"accountType":  "B2C",
			"company":      "O & M",
			"customerSet":  "gold",
			"locale":       "en-GB",
			"taxId":        "T1",
			"userId":       "0123456789abcdef0123456789abcdef",
			"id":           "1",
			"flags":        "exempt true, marketing true, active false, locked true, external false",
			"since":        "2001-02-03T02:05:06.789Z",
			"attributes":   `a -7 [] b - [12345678901234567890.10,null,{"k":[]}] `,
		}
		check := func(step string) {
			t.Helper()
			if diff := cmp.Diff(want, b.dump("ada")); diff != "" {
				t.Errorf("%s: want -, got +\n%s", step, diff)
			}
		}

		check("created")
		b.want("unchanged 1", row)
		b.want("unchanged 1", `{"externalId":"C-1","isActive":false}`)
		check("no field was given")

		b.clock.Pass(time.Hour)
		b.want("updated 1", `{"externalId":"C-1","firstName":null,"lastName":"","emailAddress":null,`+
			`"customerSinceDate":null,"attributes":null}`)
		want["firstName"], want["lastName"], want["emailAddress"], want["attributes"] = "-", "-", "-", ""
		want["since"] = begin.Format(time.RFC3339Nano)
		check("cleared")
		if b.find("ada@example.com") != nil {
			t.Error("the e-mail address still signs in")
		}

		b.want("updated 1", `{"userName":"ada","externalId":null,"isActive":true,"taxExempt":false}`)
		want["userName"], want["externalId"] = "ada", "-"
		want["flags"] = "exempt false, marketing true, active true, locked true, external false"
		check("updated by its user name")
	})
}

func TestNewAccount(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		b := openBook(t, url)
		b.want("created 2", `{"userName":"ada"}`+"\n"+`{"userName":"bob"}`)
		got, bob := b.dump("ada"), b.dump("bob")
		id, err := models.ParseID(got["userId"])
		if err != nil || id == (models.ID{}) || got["userId"] == bob["userId"] {
			t.Errorf("user ids %s and %s", got["userId"], bob["userId"])
		}

		delete(got, "userId")
		want := map[string]string{
			"userName": "ada", "emailAddress": "-", "externalId": "-", "firstName": "-", "lastName": "-",
			"accountType": "-", "company": "-", "customerSet": "-", "locale": "-", "taxId": "-", "id": "1",
			"flags":      "exempt false, marketing false, active true, locked false, external false",
			"since":      begin.Format(time.RFC3339Nano),
			"attributes": "",
		}

		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("want -, got +\n%s", diff)
		}
		if b.find("ada").PasswordHash.Reveal() != "" {
			t.Error("it has a password")
		}
	})
}

// dump returns the values of an account that tests compare.
func (b *book) dump(name string) map[string]string {
	b.t.Helper()
	a := b.find(name)
	if a == nil {
		return nil
	}

	var attributes strings.Builder
	for _, attribute := range a.Attributes {
		id := "-"
		if attribute.AttributeDefinitionID != nil {
			id = strconv.FormatInt(*attribute.AttributeDefinitionID, 10)
		}
		values, err := json.Marshal(attribute.Values)
		must(b.t, err)
		fmt.Fprintf(&attributes, "%s %s %s ", attribute.FullyQualifiedName, id, values)
	}

	return map[string]string{
		"userName":     plain(a.UserName),
		"emailAddress": plain(a.EmailAddress),
		"externalId":   plain(a.ExternalID),
		"firstName":    plain(a.FirstName),
		"lastName":     plain(a.LastName),
		"accountType":  plain(a.AccountType),
		"company":      plain(a.CompanyOrOrganization),
		"customerSet":  plain(a.CustomerSet),
		"locale":       plain(a.LocaleCode),
		"taxId":        plain(a.TaxID),
		"userId":       a.UserID.String(),
		"id":           strconv.FormatInt(*a.ID, 10),
		"flags": fmt.Sprintf("exempt %t, marketing %t, active %t, locked %t, external %t",
			a.TaxExempt, a.AcceptsMarketing, a.IsActive, a.IsLocked, a.HasExternalPassword),
		"since":      a.CustomerSinceDate.Format(time.RFC3339Nano),
		"attributes": attributes.String(),
	}
}

// A row means the right account, and no two accounts share a name. Each step continues from the one
// before.
func TestImportFindsTheAccount(t *testing.T) {
	t.Parallel()
	const other = " is a name that another account signs in with"
	storagetest.Each(t, func(t *testing.T, url string) {
		b := openBook(t, url)

		for _, step := range []struct{ rows, want string }{
			{`{"userName":"ada","emailAddress":"ADA@x.org"}`, "created 1"},
			{`{"userName":"Ada","firstName":"A"}`, "updated 1"},
			{`{"userName":"bob","emailAddress":"bob"}`, "line 1: emailAddress must be like name@example.com"},
			{`{"userName":"bob@x.org","emailAddress":"BOB@x.org","externalId":"B"}`, "created 1"},
			{`{"userName":"cid","emailAddress":"ada@X.org"}`, "line 1: emailAddress" + other},
			{`{"userName":"ada@x.org"}`, "line 1: userName" + other},
			{`{"userName":"bob@x.org","externalId":"X"}`, "line 1: userName" + other},
			{`{"externalId":"B","userName":"ada"}`, "line 1: userName" + other},
			{`{"externalId":"A","userName":"ada"}`, "line 1: " + notNew},
			{`{"externalId":"A","userName":"ada"}`, "adopted: updated 1"},
			{`{"externalId":"A","userName":"ada2"}`, "updated 1"},
			{`{"externalId":"A"}`, "unchanged 1"},
			{`{"externalId":"new"}`, "line 1: userName is missing, and there is no such account yet"},
			{`{"emailAddress":"ada@x.org"}`, "line 1: emailAddress" + other},
			{`{}`, "line 1: userName is missing, and there is no such account yet"},
			{`{"userName":"ada"}`, "created 1"},
			{
				`{"externalId":"B","userName":"b"}` + "\n" + `{"externalId":"A","userName":"bob@x.org"}`,
				"updated 1, line 2: " + nameOf1,
			},
			{
				`{"externalId":"B","emailAddress":null}` + "\n" + `{"externalId":"A","userName":"bob@x.org"}`,
				"updated 2",
			},
			{`{"userName":"ada","externalId":"B"}`, "line 1: userName" + other},
			{`{"userName":"dan","userId":"00000000000000000000000000000001"}`, "created 1"},
			{`{"userName":"dan","userId":"00000000000000000000000000000001"}`, "unchanged 1"},
			{
				`{"userName":"dan","userId":"00000000000000000000000000000002"}`,
				"line 1: userId differs from the account's, and it cannot change",
			},
			{
				`{"userName":"eve","userId":"00000000000000000000000000000001"}`,
				"line 1: userId belongs to another account",
			},
			{
				`{"userName":"fay","externalId":"F"}` + "\n" + `{"externalId":"F","userName":"fay2"}` + "\n" +
					`{"userName":"fay"}`,
				"created 2, updated 1",
			},
		} {
			want, adopts := strings.CutPrefix(step.want, "adopted: ")
			b.want(want, step.rows, func(o *accounts.ImportOptions) { o.Adopt = adopts })
		}
	})
}

// A row replaces all attributes of an account. They are written only if they differ.
func TestImportAttributes(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		b := openBook(t, url)

		for _, step := range []struct{ attributes, want, holds string }{
			{
				`[{"fullyQualifiedName":"b","values":[ 1.0 ]},{"fullyQualifiedName":"a","values":["x"]}]`,
				"created 1", `a - ["x"] b - [1.0] `,
			},
			{
				`[{"fullyQualifiedName":"a","values":["x"]},{"fullyQualifiedName":"b","values":[1.0]}]`,
				"unchanged 1", `a - ["x"] b - [1.0] `,
			},
			{`[{"fullyQualifiedName":"b","values":[1]}]`, "updated 1", `b - [1] `},
			{`[{"fullyQualifiedName":"b","values":[1],"attributeDefinitionId":5}]`, "updated 1", `b 5 [1] `},
			{`[{"fullyQualifiedName":"b","values":[1],"attributeDefinitionId":5}]`, "unchanged 1", `b 5 [1] `},
			{`[]`, "updated 1", ``},
			{`null`, "unchanged 1", ``},
		} {
			b.want(step.want, `{"userName":"ada","attributes":`+step.attributes+`}`)
			if got := b.dump("ada")["attributes"]; got != step.holds {
				t.Errorf("%s: holds %s", step.attributes, got)
			}
		}
	})
}

func TestCreateOnly(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		b := openBook(t, url)
		create := func(fields ...string) (*models.CustomerAccount, error) {
			var record accounts.Record
			for i := 0; i < len(fields); i += 2 {
				must(t, record.Set(fields[i], fields[i+1]))
			}

			must(t, record.SetPassword(secret.New("x")))
			return b.Create(t.Context(), access.Operator(), &record)
		}

		account, err := create("userName", "ada", "externalId", "1", "firstName", "", "isActive", "false",
			"attributes", `[{"fullyQualifiedName":"a","values":[1]}]`)
		if err != nil || *account.ID != *b.find("ada").ID || account.IsActive {
			t.Errorf("%+v, %v", account, err)
		}

		for _, again := range [][]string{{"userName", "Ada"}, {"userName", "bob", "externalId", "1"}} {
			if account, err := create(again...); account != nil || err.Error() != "the account exists already" {
				t.Errorf("%s: %+v, %v", again, account, err)
			}
		}
		if b.find("bob") != nil || !b.signsIn(b.find("ada"), "x") {
			t.Error("something else was written")
		}
	})
}
