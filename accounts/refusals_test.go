package accounts_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/storage/storagetest"
)

const wrongName = " has characters, or blanks in places, that a sign-in name cannot have"

// refusedRows are rows that are refused, and why.
var refusedRows = []struct{ row, want string }{
	{`5`, "not a JSON object"},
	{`"x"`, "not a JSON object"},
	{`{}}`, "the line is not JSON, from byte 3 on"},
	{`{"userName":"a`, "the line is not JSON, from byte 14 on"},
	{`{"userName":"a"} {}`, "the line is not JSON, from byte 18 on"},
	{"{\"userName\":\"\xff\"}", "the line is not UTF-8"},
	{`{"userName":"a","userName":"b"}`, "userName is given twice"},
	{`{"user\u004eame":"a","userName":"b"}`, "userName is given twice"},
	{`{"username":"a"}`, "username is not a field of an account"},
	{`{"hunter 2":"a"}`, "a key is not a field of an account"},
	{`{"userName":""}`, "userName must not be empty"},
	{`{"userName":null}`, "userName must not be empty"},
	{`{"userName":5}`, "userName must be a text"},
	{`{"userName":["a"]}`, "userName must be a text"},
	{`{"userName":" a"}`, "userName" + wrongName},
	{`{"userName":"a\u202eb"}`, "userName" + wrongName},
	{`{"userName":"a\u0000"}`, "userName has a control character"},
	{`{"userName":"a\nb"}`, "userName has a control character"},
	{`{"firstName":"\u009b31m"}`, "firstName has a control character"},
	{`{"firstName":true}`, "firstName must be a text"},
	{`{"emailAddress":"a"}`, "emailAddress must be like name@example.com"},
	{`{"emailAddress":"@a"}`, "emailAddress must be like name@example.com"},
	{`{"emailAddress":"a@"}`, "emailAddress must be like name@example.com"},
	{`{"emailAddress":"a@b@c"}`, "emailAddress must be like name@example.com"},
	{`{"emailAddress":"a b@c"}`, "emailAddress must be like name@example.com"},
	{`{"emailAddress":"a\u200b@c"}`, "emailAddress" + wrongName},
	{`{"externalId":" a"}`, "externalId must not begin or end with a blank"},
	{`{"externalId":"a\u00a0"}`, "externalId must not begin or end with a blank"},
	{`{"isActive":null}`, "isActive must be true or false"},
	{`{"isLocked":"true"}`, "isLocked must be true or false"},
	{`{"taxExempt":1}`, "taxExempt must be true or false"},
	{`{"isAnonymous":true}`, "isAnonymous must be false: an anonymous shopper has no account"},
	{`{"userId":"x"}`, "userId must have 32 hexadecimal digits, not all of them zero"},
	{`{"userId":null}`, "userId must have 32 hexadecimal digits, not all of them zero"},
	{`{"customerSinceDate":"x"}`, "customerSinceDate must be an instant in RFC 3339, e.g. 2026-11-24T09:30:00Z"},
	{`{"customerSinceDate":2026}`, "customerSinceDate must be a text"},
	{`{"customerSinceDate":"0001-01-01T00:00:00+01:00"}`, "customerSinceDate must be in the years from 1 to 9998"},
	{`{"customerSinceDate":"9998-12-31T23:59:59-00:01"}`, "customerSinceDate must be in the years from 1 to 9998"},
	{`{"password":""}`, "password is empty or blank"},
	{`{"password":"a\u0000"}`, "password is not UTF-8 text, or it contains a NUL character"},
	{`{"password":5}`, "password must be a text"},
	{`{"password":"` + strings.Repeat("x", 1025) + `"}`, "password is longer than 1024 bytes"},
	{`{"passwordHash":"plain"}`, "passwordHash is a hash in an unknown format"},
	{
		`{"passwordHash":"$argon2id$v=19$m=9999999,t=9,p=1$AAAAAAAAAAAAAAAAAAAAAA$` + strings.Repeat("A", 43) + `"}`,
		"passwordHash is a hash that would cost too much to check",
	},
	{
		`{"password":"x","passwordHash":"$2b$10$8.PHbu/AZoGebLq7JOFMAur/b3gyE2psLwRllh8CC7a2/6YtVbkHS"}`,
		"password and passwordHash are both given",
	},
	{`{"attributes":{}}`, "attributes must be a JSON list"},
	{`{"attributes":"x"}`, "attributes must be a JSON list"},
	{`{"attributes":[5]}`, "attribute 1: not a JSON object"},
	{`{"attributes":[{"fullyQualifiedName":"a","values":[]},{}]}`, "attribute 2: fullyQualifiedName is missing"},
	{`{"attributes":[{"fullyQualifiedName":"a"}]}`, "attribute 1: values is missing"},
	{`{"attributes":[{"fullyQualifiedName":"a","values":null}]}`, "attribute 1: values is missing"},
	{`{"attributes":[{"fullyQualifiedName":"a","values":5}]}`, "attribute 1: values must be a list"},
	{`{"attributes":[{"fullyQualifiedName":5,"values":[]}]}`, "attribute 1: fullyQualifiedName must be a text"},
	{
		`{"attributes":[{"fullyQualifiedName":"a ","values":[]}]}`,
		"attribute 1: fullyQualifiedName must not begin or end with a blank",
	},
	{
		`{"attributes":[{"fullyQualifiedName":"a\t","values":[]}]}`,
		"attribute 1: fullyQualifiedName has a control character",
	},
	{
		`{"attributes":[{"fullyQualifiedName":"a","fullyQualifiedName":"b","values":[]}]}`,
		"attribute 1: fullyQualifiedName is given twice",
	},
	{
		`{"attributes":[{"fullyQualifiedName":"a","values":[],"value":1}]}`,
		"attribute 1: value is not a field of an attribute",
	},
	{
		`{"attributes":[{"fullyQualifiedName":"a","values":[],"attributeDefinitionId":2147483648}]}`,
		"attribute 1: attributeDefinitionId must be a whole number of 32 bits",
	},
	{
		`{"attributes":[{"fullyQualifiedName":"a","values":[],"attributeDefinitionId":1.5}]}`,
		"attribute 1: attributeDefinitionId must be a whole number of 32 bits",
	},
	{
		`{"attributes":[{"fullyQualifiedName":"a","values":[]},{"fullyQualifiedName":"a","values":[]}]}`,
		"two attributes have the same fullyQualifiedName",
	},
	{
		`{"attributes":[{"fullyQualifiedName":"a","values":["` + strings.Repeat("x", 64<<10) + `"]}]}`,
		"attribute 1: larger than 64 KiB",
	},
	{
		`{"attributes":[{"fullyQualifiedName":"` + strings.Repeat("x", 256) + `","values":[]}]}`,
		"attribute 1: fullyQualifiedName is longer than 255 characters",
	},
}

func TestImportRefuses(t *testing.T) {
	t.Parallel()
	b := openBook(t, storagetest.SQLite(t))

	for _, test := range refusedRows {
		b.want("line 1: "+test.want, test.row, in(accounts.JSONLines))
	}
}

func TestRecordSetRefuses(t *testing.T) {
	t.Parallel()
	for _, given := range [][2]string{
		{"isActive", "yes"},
		{"attributes", "x"},
		{"", ""},
		{"userName", "\xff"},
		{"password", ""},
	} {
		var record accounts.Record

		err := record.Set(given[0], given[1])
		if refusal := accounts.RefusedError(""); !errors.As(err, &refusal) {
			t.Errorf("%q: %v", given, err)
		}
	}
}
