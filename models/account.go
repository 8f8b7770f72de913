package models

import (
	"encoding/json"
	"time"

	"github.com/authtickets/authtickets/secret"
)

// CustomerAccount is the stored person, and what stands in for one while a shopper is anonymous. The schema's CustomerAccount is
// bound to it; fields that are not in the schema never leave the server.
type CustomerAccount struct {
	// ID numbers the account; nil for an anonymous shopper.
	ID *int64 `gorm:"primaryKey"`
	// UserID is what the account's tickets carry; random, and never used again.
	UserID ID

	AcceptsMarketing      bool
	AccountType           *string
	CompanyOrOrganization *string
	CustomerSet           *string
	CustomerSinceDate     *time.Time
	EmailAddress          *string
	ExternalID            *string
	FirstName             *string
	LastName              *string
	LocaleCode            *string
	TaxExempt             bool
	TaxID                 *string
	UserName              *string

	// IsActive says that the account may be used.
	IsActive bool
	// PasswordHash is in PHC or crypt form; empty when nobody can sign in with a password.
	PasswordHash secret.Text
	// HasExternalPassword says that PasswordHash is in another system's format.
	HasExternalPassword bool
	// LockedUntil ends the lock that wrong guesses have caused; nil or past when there is none.
	LockedUntil *time.Time
	// LockedByOperator is a lock that only an operator ends, and that holds on every device.
	LockedByOperator bool

	CreatedAt time.Time
	UpdatedAt time.Time

	// IsAnonymous marks a shopper who has not signed in, whose account is not stored.
	IsAnonymous bool `gorm:"-"`
	// IsLocked is what the two locks amount to at the instant the account was read for.
	IsLocked bool `gorm:"-"`
	// Attributes are in order of their names. They are read only when they are selected.
	Attributes []CustomerAttribute `gorm:"-"`
}

// CustomerAttribute is a further property of an account, defined by the storefront.
type CustomerAttribute struct {
	AccountID             int64  `gorm:"primaryKey"`
	FullyQualifiedName    string `gorm:"primaryKey"`
	AttributeDefinitionID *int64
	// Values is stored as a JSON list, to the letter: a number keeps all its digits.
	Values []json.RawMessage `gorm:"serializer:json"`
}

// SignInName is a name by which an account signs in: its user name or its e-mail address, in the normal form. One table holds
// both, so that the database sees to it that nobody's user name is somebody else's e-mail address.
type SignInName struct {
	Name      string `gorm:"primaryKey"`
	AccountID int64
}
