package accounts

import (
	"slices"

	"github.com/authtickets/authtickets/models"
)

// fieldTable has a line for each field of an account, in the order in which accounts are listed.
// Selections, answers, imports, flags and lists follow from it. The limit of a text is the width of
// its column in characters.
//
//nolint:gochecknoglobals // it does not change
var fieldTable = []*Field{
	computed(idField, func(a *person) any { return &a.ID }, "id"),
	imported(userIDField, func(a *person) any { return &a.UserID }, "user_id"),
	text(userNameField, "user_name", maxName, func(a *person) any { return &a.UserName }),
	text(emailAddressField, "email_address", maxName, func(a *person) any { return &a.EmailAddress }),
	text("firstName", "first_name", 255, func(a *person) any { return &a.FirstName }),
	text("lastName", "last_name", 255, func(a *person) any { return &a.LastName }),
	text("companyOrOrganization", "company_or_organization", 255,
		func(a *person) any { return &a.CompanyOrOrganization }),
	text(externalIDField, "external_id", 128, func(a *person) any { return &a.ExternalID }),
	text("accountType", "account_type", 64, func(a *person) any { return &a.AccountType }),
	text("customerSet", "customer_set", 64, func(a *person) any { return &a.CustomerSet }),
	entered(customerSinceField, func(a *person) any { return &a.CustomerSinceDate }, "customer_since_date"),
	text("localeCode", "locale_code", 35, func(a *person) any { return &a.LocaleCode }),
	text("taxId", "tax_id", 64, func(a *person) any { return &a.TaxID }),
	entered("taxExempt", func(a *person) any { return &a.TaxExempt }, "tax_exempt"),
	entered("acceptsMarketing", func(a *person) any { return &a.AcceptsMarketing }, "accepts_marketing"),
	imported(isActiveField, func(a *person) any { return &a.IsActive }, "is_active"),
	imported(isLockedField, func(a *person) any { return &a.IsLocked }, "locked_until", "locked_by_operator"),
	imported(isAnonymousField, func(a *person) any { return &a.IsAnonymous }),
	computed(hasExternalPasswordField, func(a *person) any { return &a.HasExternalPassword }, "has_external_password"),
	entered(attributesField, func(a *person) any { return &a.Attributes }),
	entered(passwordField, nil),
	imported(passwordHashField, nil, "password_hash"),
}

// The fields that need code of their own.
const (
	idField                  = "id"
	userIDField              = "userId"
	userNameField            = "userName"
	emailAddressField        = "emailAddress"
	externalIDField          = "externalId"
	customerSinceField       = "customerSinceDate"
	isActiveField            = "isActive"
	isLockedField            = "isLocked"
	isAnonymousField         = "isAnonymous"
	hasExternalPasswordField = "hasExternalPassword"
	attributesField          = "attributes"
	passwordField            = "password"
	passwordHashField        = "passwordHash"
)

// Field is a field of an account.
type Field struct {
	name    string
	columns []string
	limit   int
	in      func(*models.CustomerAccount) any
	setBy   setBy
}

// setBy says where the value of a field comes from.
type setBy int

const (
	// setByNobody means that the field is computed. Imports accept and ignore it, so that an
	// account can be imported as it was listed.
	setByNobody setBy = iota
	// setByImport means that only imports set the field. Elsewhere it has operations and commands
	// of its own.
	setByImport
	// setByAll means that imports, createAccount, updateAccount and the flags of the commands set
	// the field.
	setByAll
)

// person shortens the lines of the table.
type person = models.CustomerAccount

func text(name, column string, limit int, in func(*person) any) *Field {
	return &Field{name: name, columns: []string{column}, limit: limit, in: in, setBy: setByAll}
}

func entered(name string, in func(*person) any, columns ...string) *Field {
	return &Field{name: name, columns: columns, in: in, setBy: setByAll}
}

func imported(name string, in func(*person) any, columns ...string) *Field {
	return &Field{name: name, columns: columns, in: in, setBy: setByImport}
}

func computed(name string, in func(*person) any, columns ...string) *Field {
	return &Field{name: name, columns: columns, in: in, setBy: setByNobody}
}

// Fields returns all fields, in the order in which accounts are listed.
func Fields() []*Field { return slices.Clone(fieldTable) }

// FieldNamed returns the field with a name; nil if there is none.
func FieldNamed(name string) *Field {
	for _, field := range fieldTable {
		if field.name == name {
			return field
		}
	}
	return nil
}

// Name returns the field's name in the schema's CustomerAccount, or in an import.
func (f *Field) Name() string { return f.name }

// Limit returns how long a text may be, in characters. It is 0 for other kinds of fields.
func (f *Field) Limit() int { return f.limit }

// Columns returns the columns that the field is read from. Attributes have none, but a table of
// their own.
func (f *Field) Columns() []string { return slices.Clone(f.columns) }

// IsEntered reports whether createAccount, updateAccount and the commands take the field. Imports
// take more fields.
func (f *Field) IsEntered() bool { return f.setBy == setByAll }

// IsBool reports whether the field is true or false.
func (f *Field) IsBool() bool {
	_, ok := f.In(&models.CustomerAccount{}).(*bool)
	return ok
}

// In returns a pointer to the field in an account: a **string, *bool, **time.Time, **int64,
// *models.ID or *[]models.CustomerAttribute. It returns nil for passwords, which are never shown.
func (f *Field) In(account *models.CustomerAccount) any {
	if f.in == nil {
		return nil
	}
	return f.in(account)
}
