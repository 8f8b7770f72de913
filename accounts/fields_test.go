package accounts_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"
	_ "github.com/ncruces/go-sqlite3/driver"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/storage/storagetest"
)

// The schema has the fields of the table, and no others.
func TestFieldsAreThoseOfTheSchema(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../schema.graphqls")
	must(t, err)
	schema := gqlparser.MustLoadSchema(&ast.Source{Name: "schema.graphqls", Input: string(text)})

	var shown, entered []string
	for _, field := range accounts.Fields() {
		if kindOf(field) != "" {
			shown = append(shown, field.Name()+" "+kindOf(field))
		}
		if field.IsEntered() {
			entered = append(entered, field.Name())
		}
	}
	if diff := cmp.Diff(sorted(shown), fieldsOf(schema, "CustomerAccount", true)); diff != "" {
		t.Errorf("CustomerAccount: table -, schema +\n%s", diff)
	}
	if diff := cmp.Diff(sorted(entered), fieldsOf(schema, "CustomerAccountInput", false)); diff != "" {
		t.Errorf("CustomerAccountInput: table -, schema +\n%s", diff)
	}

	for _, input := range schema.Types["CustomerAccountInput"].Fields {
		limit := accounts.FieldNamed(input.Name).Limit()
		wanted := fmt.Sprintf("at most %d characters", limit)
		if limit > 0 && input.Name != "emailAddress" && !strings.Contains(input.Description, wanted) {
			t.Errorf("CustomerAccountInput.%s does not say %q", input.Name, wanted)
		}
	}
}

func sorted(texts []string) []string {
	slices.Sort(texts)
	return texts
}

func fieldsOf(schema *ast.Schema, name string, withTypes bool) (fields []string) {
	for _, field := range schema.Types[name].Fields {
		text := field.Name
		if withTypes {
			text += " " + field.Type.Name()
		}
		fields = append(fields, text)
	}
	return sorted(fields)
}

// kindOf returns the type that the field has in the schema, or "" for a field that is not shown.
func kindOf(field *accounts.Field) string {
	switch field.In(&models.CustomerAccount{}).(type) {
	case **string:
		return "String"
	case *bool:
		return "Boolean"
	case **time.Time:
		return "DateTime"
	case **int64:
		return "Int"
	case *models.ID:
		return "ID"
	case *[]models.CustomerAttribute:
		return "CustomerAttribute"
	default:
		return ""
	}
}

// internal has the columns that belong to no field.
var internal = []string{"created_at", "updated_at", "sign_ins"}

// The migrations of each kind of database make the columns of the table, as wide as the table says.
func TestFieldsAreInTheMigrations(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"mysql", "sqlite"} {
		statements := accountStatements(t, kind)
		for _, field := range accounts.Fields() {
			for _, column := range field.Columns() {
				wanted := `\b` + column + ` \w+`
				if kind == "mysql" && field.Limit() > 0 {
					wanted = fmt.Sprintf(`\b%s VARCHAR\(%d\)`, column, field.Limit())
				}
				if !regexp.MustCompile(wanted).MatchString(statements) {
					t.Errorf("%s: no migration of %s makes %s", field.Name(), kind, wanted)
				}
			}
		}
	}
}

// accountStatements returns the statements of all migrations that change the table of accounts.
func accountStatements(t *testing.T, kind string) string {
	t.Helper()
	files, err := filepath.Glob("../storage/migrations/" + kind + "/*.sql")
	must(t, err)

	var found []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		must(t, err)
		for statement := range strings.SplitSeq(string(text), ";") {
			if regexp.MustCompile(`TABLE (IF NOT EXISTS )?customer_accounts\b`).MatchString(statement) {
				found = append(found, statement)
			}
		}
	}
	return strings.Join(found, ";")
}

// A migrated database has the columns of the table, and no others.
func TestFieldsAreInTheDatabase(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		b := openBook(t, url)
		columns := columnsOf(t, url)

		for _, field := range accounts.Fields() {
			for _, column := range field.Columns() {
				width, exists := columns[column]
				if !exists {
					t.Errorf("%s: there is no column %s", field.Name(), column)
				}
				if field.Limit() > 0 && width != 0 && width != field.Limit() {
					t.Errorf("%s has %d characters, and the column %d", field.Name(), field.Limit(), width)
				}
				delete(columns, column)
			}
		}

		for column := range columns {
			if !slices.Contains(internal, column) {
				t.Errorf("%s is the column of no field", column)
			}
		}

		testRoundTrip(t, b)
	})
}

// columnsOf returns the columns of the accounts with their widths. A column without a width has 0.
func columnsOf(t *testing.T, url string) map[string]int {
	t.Helper()
	driver, source := "mysql", url
	query := `SELECT column_name, COALESCE(character_maximum_length, 0) FROM information_schema.columns ` +
		`WHERE table_schema = DATABASE() AND table_name = 'customer_accounts'`
	if path, isSQLite := strings.CutPrefix(url, "sqlite://"); isSQLite {
		driver, source = "sqlite3", "file:"+path
		query = `SELECT name, 0 FROM pragma_table_info('customer_accounts')`
	}

	db, err := sql.Open(driver, source)
	must(t, err)
	defer db.Close() //nolint:errcheck // it was only read

	rows, err := db.QueryContext(t.Context(), query)
	must(t, err)
	defer rows.Close() //nolint:errcheck // as above

	columns := map[string]int{}
	for rows.Next() {
		var name string
		var width int
		must(t, rows.Scan(&name, &width))
		columns[strings.ToLower(name)] = width
	}
	must(t, rows.Err())
	return columns
}

// testRoundTrip sets every field, and reads each one alone.
func testRoundTrip(t *testing.T, b *book) {
	t.Helper()
	given := map[string]any{}
	cleared := map[string]any{}

	for _, field := range accounts.Fields() {
		given[field.Name()] = sampleOf(field)
		if field.IsEntered() && kindOf(field) == "String" && field.Name() != "userName" {
			cleared[field.Name()] = nil
		}
	}
	delete(given, "password")            // the hash is given
	cleared["externalId"] = "externalId" // names the account

	b.want("created 1", line(t, given))
	b.want("unchanged 1", line(t, given))

	for _, field := range accounts.Fields() {
		if kindOf(field) == "" {
			continue
		}
		if got, want := valueOf(b, field), line(t, given[field.Name()]); got != want {
			t.Errorf("%s is %s, want %s", field.Name(), got, want)
		}
	}

	b.want("updated 1", line(t, cleared))
	for name, want := range cleared {
		if got := valueOf(b, accounts.FieldNamed(name)); got != line(t, want) {
			t.Errorf("%s is %s, want %s", name, got, line(t, want))
		}
	}
}

// sampleOf returns a value for a field. If possible, it differs from the default.
func sampleOf(field *accounts.Field) any {
	switch field.Name() {
	case "id":
		return 1
	case "userId":
		return strings.Repeat("0a", 16)
	case "emailAddress":
		return "a@example.com"
	case "customerSinceDate":
		return "2001-02-03T04:05:06.789Z"
	case "isActive", "isAnonymous":
		return false
	case "attributes":
		return []any{map[string]any{"fullyQualifiedName": "a", "values": []int{1}}}
	case "passwordHash":
		return "$2b$04$" + strings.Repeat("a", 53)
	}

	if kindOf(field) == "Boolean" {
		return true
	}
	return field.Name()
}

func line(t testing.TB, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	must(t, err)
	return string(text)
}

// valueOf reads one field of the only account, and returns it as JSON. The test fails if that also
// reads another text.
func valueOf(b *book, field *accounts.Field) string {
	b.t.Helper()

	var selection accounts.Selection
	selection.Add(field)
	account, err := b.Find(b.t.Context(), access.Operator(), accounts.Key{ID: new(int64(1))}, &selection)
	must(b.t, err)

	for _, other := range accounts.Fields() {
		text, ok := other.In(account).(**string)
		isKey := other.Name() == "userName" || other.Name() == "emailAddress"
		if ok && other != field && !isKey && *text != nil {
			b.t.Errorf("%s was read with %s", other.Name(), field.Name())
		}
	}

	if field.Name() == "attributes" {
		attribute := account.Attributes[0]
		return line(b.t, []any{map[string]any{
			"fullyQualifiedName": attribute.FullyQualifiedName,
			"values":             attribute.Values,
		}})
	}
	return line(b.t, field.In(account))
}
