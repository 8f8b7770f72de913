package accounts_test

import (
	"encoding/json"
	"errors"
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
	"github.com/authtickets/authtickets/storage"
	"github.com/authtickets/authtickets/storage/storagetest"
)

const everyField = `{"userName":"Ada","emailAddress":"Ada@Example.com","externalId":"C-1","firstName":"Ada","lastName":"Łovelace","accountType":"B2C",
"companyOrOrganization":"O & M","customerSet":"gold","localeCode":"en-GB","taxId":"T1","taxExempt":true,"acceptsMarketing":true,
"customerSinceDate":"2001-02-03T04:05:06.789+02:00","isActive":false,"isLocked":true,"userId":"0123456789ABCDEF0123456789abcdef",
"id":77,"hasExternalPassword":"whatever","isAnonymous":false,
"attributes":[{"fullyQualifiedName":"b","values":[12345678901234567890.10,null,{"k":[]}]},{"fullyQualifiedName":"a","attributeDefinitionId":-7,"values":[]}]}`

func TestImportFields(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		b := openBook(t, url)
		row := strings.ReplaceAll(everyField, "\n", " ")
		b.want("created 1", row)
		want := map[string]string{
			"userName": "Ada", "emailAddress": "Ada@Example.com", "externalId": "C-1", "firstName": "Ada", "lastName": "Łovelace", "accountType": "B2C",
			"company": "O & M", "customerSet": "gold", "locale": "en-GB", "taxId": "T1", "userId": "0123456789abcdef0123456789abcdef", "id": "1",
			"flags": "exempt true, marketing true, active false, locked true, external false", "since": "2001-02-03T02:05:06.789Z",
			"attributes": `a -7 [] b - [12345678901234567890.10,null,{"k":[]}] `,
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
		check("nothing was said")

		b.clock.Pass(time.Hour)
		b.want("updated 1", `{"externalId":"C-1","firstName":null,"lastName":"","emailAddress":null,"customerSinceDate":null,"attributes":null}`)
		want["firstName"], want["lastName"], want["emailAddress"], want["attributes"] = "-", "-", "-", ""
		want["since"] = begin.Format(time.RFC3339Nano)
		check("cleared")
		if b.find("ada@example.com") != nil {
			t.Error("the e-mail address still signs in")
		}
		b.want("updated 1", `{"userName":"ada","externalId":null,"isActive":true,"taxExempt":false}`)
		want["userName"], want["externalId"], want["flags"] = "ada", "-", "exempt false, marketing true, active true, locked true, external false"
		check("updated by its user name")
	})
}

func TestNewAccount(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		b := openBook(t, url)
		b.want("created 2", `{"userName":"ada"}`+"\n"+`{"userName":"bob"}`)
		got, bob := b.dump("ada"), b.dump("bob")
		if id, err := models.ParseID(got["userId"]); err != nil || id == (models.ID{}) || got["userId"] == bob["userId"] {
			t.Errorf("user ids %s and %s", got["userId"], bob["userId"])
		}
		delete(got, "userId")
		want := map[string]string{
			"userName": "ada", "emailAddress": "-", "externalId": "-", "firstName": "-", "lastName": "-", "accountType": "-", "company": "-", "customerSet": "-",
			"locale": "-", "taxId": "-", "id": "1", "flags": "exempt false, marketing false, active true, locked false, external false",
			"since": begin.Format(time.RFC3339Nano), "attributes": "",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("want -, got +\n%s", diff)
		}
		if b.find("ada").PasswordHash.Reveal() != "" {
			t.Error("it has a password")
		}
	})
}

// dump is what a test compares of an account.
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
		"userName": plain(a.UserName), "emailAddress": plain(a.EmailAddress), "externalId": plain(a.ExternalID), "firstName": plain(a.FirstName),
		"lastName": plain(a.LastName), "accountType": plain(a.AccountType), "company": plain(a.CompanyOrOrganization), "customerSet": plain(a.CustomerSet),
		"locale": plain(a.LocaleCode), "taxId": plain(a.TaxID), "userId": a.UserID.String(), "id": strconv.FormatInt(*a.ID, 10),
		"flags": fmt.Sprintf("exempt %t, marketing %t, active %t, locked %t, external %t",
			a.TaxExempt, a.AcceptsMarketing, a.IsActive, a.IsLocked, a.HasExternalPassword),
		"since": a.CustomerSinceDate.Format(time.RFC3339Nano), "attributes": attributes.String(),
	}
}

// What a row means, and who may have a name. Each step goes on where the one before ended.
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
			{`{"externalId":"B","emailAddress":null}` + "\n" + `{"externalId":"A","userName":"bob@x.org"}`, "updated 2"},
			{`{"userName":"ada","externalId":"B"}`, "line 1: userName" + other},
			{`{"userName":"dan","userId":"00000000000000000000000000000001"}`, "created 1"},
			{`{"userName":"dan","userId":"00000000000000000000000000000001"}`, "unchanged 1"},
			{`{"userName":"dan","userId":"00000000000000000000000000000002"}`, "line 1: userId is not that of the account, and it cannot change"},
			{`{"userName":"eve","userId":"00000000000000000000000000000001"}`, "line 1: userId is that of another account"},
			{`{"userName":"fay","externalId":"F"}` + "\n" + `{"externalId":"F","userName":"fay2"}` + "\n" + `{"userName":"fay"}`, "created 2, updated 1"},
		} {
			want, adopts := strings.CutPrefix(step.want, "adopted: ")
			b.want(want, step.rows, func(o *accounts.ImportOptions) { o.Adopt = adopts })
		}
	})
}

func TestImportPasswords(t *testing.T) {
	t.Parallel()
	const bcrypt = `"$2a$04$a9qMvU5Qxd/iDsPBwWjAiuSJv2TMNk4rxaFuUj9ZQeIsDLCtiuss2"` // of the least cost
	const staple = "correct horse battery staple"
	storagetest.Each(t, func(t *testing.T, url string) {
		b := openBook(t, url)
		for i, step := range []struct {
			row, want, signsIn string
			change             func(*accounts.ImportOptions)
			external, ends     bool
		}{
			{row: `"password":"one"`, want: "created 1", signsIn: "one"},
			{row: `"password":"one"`, want: "unchanged 1", signsIn: "one"},
			{row: `"password":"two"`, want: "unchanged 1", signsIn: "one", change: keepPasswords},
			{row: `"password":"two"`, want: "updated 1", signsIn: "two", ends: true},
			{row: `"firstName":"Ada"`, want: "updated 1", signsIn: "two"},
			{row: `"passwordHash":` + bcrypt, want: "unchanged 1", signsIn: "two", change: keepPasswords},
			{row: `"passwordHash":` + bcrypt, want: "updated 1", signsIn: staple, external: true, ends: true},
			{row: `"passwordHash":` + bcrypt, want: "unchanged 1", signsIn: staple, external: true},
			{row: `"password":null,"passwordHash":` + bcrypt, want: "unchanged 1", signsIn: staple, external: true},
			{row: `"password":null`, want: "unchanged 1", signsIn: staple, external: true, change: keepPasswords},
			{row: `"password":"` + staple + `","passwordHash":""`, want: "updated 1", signsIn: staple, ends: true}, // renews the hash
			{row: `"passwordHash":null`, want: "updated 1", ends: true},
			{row: `"password":"three"`, want: "updated 1", signsIn: "three", ends: true, change: keepPasswords}, // it had none
		} {
			var ended func() models.Reason
			if account := b.find("ada"); account != nil {
				ended = b.session(account)
			}
			change := step.change
			if change == nil {
				change = func(*accounts.ImportOptions) {}
			}
			b.want(step.want, `{"userName":"ada",`+step.row+`}`, change)
			account := b.find("ada")
			if step.signsIn == "" && account.PasswordHash.Reveal() != "" || step.signsIn != "" && !b.signsIn(account, step.signsIn) {
				t.Errorf("step %d: the password is not %q", i+1, step.signsIn)
			}
			if account.HasExternalPassword != step.external {
				t.Errorf("step %d: external is %t", i+1, account.HasExternalPassword)
			}
			if ended != nil && (ended() == models.ReasonPasswordChanged) != step.ends {
				t.Errorf("step %d: sessions have ended: %q", i+1, ended())
			}
		}
	})
}

// The same account twice in one batch, with passwords: the last one holds.
func TestImportPasswordsOfOneBatch(t *testing.T) {
	t.Parallel()
	b := openBook(t, storagetest.SQLite(t))
	b.want("created 1, updated 2", `{"externalId":"A","userName":"ada","password":"one"}
{"externalId":"A","password":"two"}
{"externalId":"A","password":"one"}`)
	if !b.signsIn(b.find("ada"), "one") {
		t.Error("not the last")
	}
	b.want("updated 2", `{"externalId":"A","password":"two"}
{"externalId":"A","password":"one"}`)
	if !b.signsIn(b.find("ada"), "one") {
		t.Error("not the last")
	}
}

// A row that keeps the password of an account has a password all the same, for it may turn out to
// be about a new account.
func TestImportKeepsPasswordsOfNewAccounts(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		b := openBook(t, url)
		b.want("created 2", `{"externalId":"1","userName":"ada","password":"old"}`+"\n"+
			`{"userName":"bob","password":"old"}`)
		b.want("created 1, updated 1, unchanged 1", `{"externalId":"1","userName":"countess","password":"new"}
{"userName":"ada","password":"new"}
{"userName":"bob","password":"new"}`, keepPasswords)
		for name, plain := range map[string]string{"countess": "old", "ada": "new", "bob": "old"} {
			if !b.signsIn(b.find(name), plain) {
				t.Errorf("%s does not sign in with the %s password", name, plain)
			}
		}
	})
}

func TestImportLocksAndDeactivates(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		b := openBook(t, url)
		b.want("created 1", `{"userName":"ada"}`)
		ada := b.find("ada")
		ended := b.session(ada)
		counted, err := b.Store.CountGuess(t.Context(), storage.Guess{
			NameHash:     models.ID{1},
			UserID:       &ada.UserID,
			Source:       "s",
			DevicePrefix: "d",
			At:           begin,
			WindowStart:  begin.Add(-time.Minute),
			ForgetBefore: begin.Add(-time.Hour),
			MostInARow:   5,
			LockAt:       1,
			LockUntil:    accounts.Forever(),
		})
		if must(t, err); !counted.Locked || !b.find("ada").IsLocked {
			t.Fatal("not locked")
		}
		b.want("updated 1", `{"userName":"ada","isLocked":false}`)
		query := storage.SignInQuery{
			Name:         "ada",
			NameHash:     models.ID{1},
			Source:       "s",
			DevicePrefix: "d",
			At:           begin,
			Distrust:     []models.Reason{"x"},
		}
		facts, err := b.SignInFacts(t.Context(), query, nil)
		if must(t, err); facts.InWindow != nil || facts.GuessedUntil != nil || b.find("ada").IsLocked {
			t.Error("still locked, or the next wrong password would lock")
		}
		b.want("unchanged 1", `{"userName":"ada","isLocked":false}`)
		b.want("updated 1", `{"userName":"ada","isLocked":true}`)
		b.want("unchanged 1", `{"userName":"ada","isLocked":true}`)
		if !b.find("ada").LockedByOperator || ended() != "" {
			t.Error("not locked, or the session has ended")
		}
		b.want("updated 1", `{"userName":"ada","isActive":false,"password":"x"}`)
		if ended() != models.ReasonAccountInactive {
			t.Errorf("ended: %q", ended())
		}
	})
}

// Attributes come whole, and are written only when they differ.
func TestImportAttributes(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		b := openBook(t, url)
		for _, step := range []struct{ attributes, want, holds string }{
			{`[{"fullyQualifiedName":"b","values":[ 1.0 ]},{"fullyQualifiedName":"a","values":["x"]}]`, "created 1", `a - ["x"] b - [1.0] `},
			{`[{"fullyQualifiedName":"a","values":["x"]},{"fullyQualifiedName":"b","values":[1.0]}]`, "unchanged 1", `a - ["x"] b - [1.0] `},
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

func TestImportRefuses(t *testing.T) {
	t.Parallel()
	const blanks = " has characters, or blanks in places, that a name to sign in with cannot have"
	b := openBook(t, storagetest.SQLite(t))
	for row, want := range map[string]string{
		`5`: "not a JSON object", `"x"`: "not a JSON object", `{}}`: "the line is not JSON, from byte 3 on", `{"userName":"a`: "the line is not JSON, from byte 14 on",
		`{"userName":"a"} {}`: "the line is not JSON, from byte 18 on", "{\"userName\":\"\xff\"}": "the line is not UTF-8",
		`{"userName":"a","userName":"b"}`: "userName is given twice", `{"user\u004eame":"a","userName":"b"}`: "userName is given twice",
		`{"username":"a"}`: "username is not a field of an account", `{"hunter 2":"a"}`: "a key is not a field of an account",
		`{"userName":""}`: "userName must not be empty", `{"userName":null}`: "userName must not be empty", `{"userName":5}`: "userName must be a text",
		`{"userName":["a"]}`: "userName must be a text", `{"userName":" a"}`: "userName" + blanks, `{"userName":"a\u202eb"}`: "userName" + blanks,
		`{"userName":"a\u0000"}`: "userName has a control character", `{"userName":"a\nb"}`: "userName has a control character",
		`{"firstName":"\u009b31m"}`: "firstName has a control character", `{"firstName":true}`: "firstName must be a text",
		`{"emailAddress":"a"}`: "emailAddress must be like name@example.com", `{"emailAddress":"@a"}`: "emailAddress must be like name@example.com",
		`{"emailAddress":"a@"}`: "emailAddress must be like name@example.com", `{"emailAddress":"a@b@c"}`: "emailAddress must be like name@example.com",
		`{"emailAddress":"a b@c"}`: "emailAddress must be like name@example.com", `{"emailAddress":"a\u200b@c"}`: "emailAddress" + blanks,
		`{"externalId":" a"}`: "externalId must not begin or end with a blank", `{"externalId":"a\u00a0"}`: "externalId must not begin or end with a blank",
		`{"isActive":null}`: "isActive must be true or false", `{"isLocked":"true"}`: "isLocked must be true or false", `{"taxExempt":1}`: "taxExempt must be true or false",
		`{"isAnonymous":true}`:                              "isAnonymous must be false: an anonymous shopper has no account",
		`{"userId":"x"}`:                                    "userId must have 32 hexadecimal digits, not all of them zero",
		`{"userId":null}`:                                   "userId must have 32 hexadecimal digits, not all of them zero",
		`{"customerSinceDate":"x"}`:                         "customerSinceDate must be an instant in RFC 3339, e.g. 2026-11-24T09:30:00Z",
		`{"customerSinceDate":2026}`:                        "customerSinceDate must be a text",
		`{"customerSinceDate":"0001-01-01T00:00:00+01:00"}`: "customerSinceDate must be in the years from 1 to 9998",
		`{"customerSinceDate":"9998-12-31T23:59:59-00:01"}`: "customerSinceDate must be in the years from 1 to 9998",
		`{"password":""}`:                                   "password is empty or blank",
		`{"password":"a\u0000"}`:                            "password is not UTF-8 text, or with a NUL character in it",
		`{"password":5}`:                                    "password must be a text",
		`{"password":"` + strings.Repeat("x", 1025) + `"}`:  "password is longer than 1024 bytes",
		`{"passwordHash":"plain"}`:                          "passwordHash is a hash of no format that can be checked",
		`{"passwordHash":"$argon2id$v=19$m=9999999,t=9,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`: "passwordHash is a hash that would cost too much to check",
		`{"password":"x","passwordHash":"$2b$10$8.PHbu/AZoGebLq7JOFMAur/b3gyE2psLwRllh8CC7a2/6YtVbkHS"}`:                         "password and passwordHash are both given",
		`{"attributes":{}}`:  "attributes must be a JSON list",
		`{"attributes":"x"}`: "attributes must be a JSON list",
		`{"attributes":[5]}`: "attribute 1: not a JSON object",
		`{"attributes":[{"fullyQualifiedName":"a","values":[]},{}]}`:                                     "attribute 2: fullyQualifiedName is missing",
		`{"attributes":[{"fullyQualifiedName":"a"}]}`:                                                    "attribute 1: values is missing",
		`{"attributes":[{"fullyQualifiedName":"a","values":null}]}`:                                      "attribute 1: values is missing",
		`{"attributes":[{"fullyQualifiedName":"a","values":5}]}`:                                         "attribute 1: values must be a list",
		`{"attributes":[{"fullyQualifiedName":5,"values":[]}]}`:                                          "attribute 1: fullyQualifiedName must be a text",
		`{"attributes":[{"fullyQualifiedName":"a ","values":[]}]}`:                                       "attribute 1: fullyQualifiedName must not begin or end with a blank",
		`{"attributes":[{"fullyQualifiedName":"a\t","values":[]}]}`:                                      "attribute 1: fullyQualifiedName has a control character",
		`{"attributes":[{"fullyQualifiedName":"a","fullyQualifiedName":"b","values":[]}]}`:               "attribute 1: fullyQualifiedName is given twice",
		`{"attributes":[{"fullyQualifiedName":"a","values":[],"value":1}]}`:                              "attribute 1: value is not a field of an attribute",
		`{"attributes":[{"fullyQualifiedName":"a","values":[],"attributeDefinitionId":2147483648}]}`:     "attribute 1: attributeDefinitionId must be a whole number of 32 bits",
		`{"attributes":[{"fullyQualifiedName":"a","values":[],"attributeDefinitionId":1.5}]}`:            "attribute 1: attributeDefinitionId must be a whole number of 32 bits",
		`{"attributes":[{"fullyQualifiedName":"a","values":[]},{"fullyQualifiedName":"a","values":[]}]}`: "two attributes have the same fullyQualifiedName",
		`{"attributes":[{"fullyQualifiedName":"a","values":["` + strings.Repeat("x", 64<<10) + `"]}]}`:   "attribute 1: larger than 64 KiB",
		`{"attributes":[{"fullyQualifiedName":"` + strings.Repeat("x", 256) + `","values":[]}]}`:         "attribute 1: fullyQualifiedName is longer than 255 characters",
	} {
		b.want("line 1: "+want, row, in(accounts.JSONLines))
	}
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

func TestRecordSetRefuses(t *testing.T) {
	t.Parallel()
	for _, given := range [][2]string{{"isActive", "yes"}, {"attributes", "x"}, {"", ""}, {"userName", "\xff"}, {"password", ""}} {
		var record accounts.Record
		err := record.Set(given[0], given[1])
		if refusal := accounts.RefusedError(""); !errors.As(err, &refusal) {
			t.Errorf("%q: %v", given, err)
		}
	}
}
