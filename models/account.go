package models

import (
	"encoding/json"
	"time"

	"github.com/authtickets/authtickets/secret"
)

// CustomerAccount is the stored person. An anonymous shopper has one that is not stored. The
// schema's CustomerAccount is bound to it. Fields outside the schema never leave the server.
type CustomerAccount struct {
	// ID is the number of the account. It is nil for an anonymous shopper.
	ID *int64 `gorm:"primaryKey"`
	// UserID is in the account's tickets. It is random, and never used again for another account.
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

	// IsActive is false if nobody may use the account.
	IsActive bool
	// PasswordHash is in PHC or crypt form. If it is empty, nobody can sign in with a password.
	PasswordHash secret.Text
	// HasExternalPassword is true if PasswordHash is in another system's format.
	HasExternalPassword bool
	// LockedUntil is when the lock that wrong passwords caused ends. Without a lock it is nil or in
	// the past.
	LockedUntil *time.Time
	// LockedByOperator is true while an operator's lock applies. It applies on every device, and
	// only an operator ends it.
	LockedByOperator bool

	CreatedAt time.Time
	UpdatedAt time.Time

	// IsAnonymous is true for a shopper who has not signed in. The account is not stored.
	IsAnonymous bool `gorm:"-"`
	// IsLocked is true if one of the two locks applied at the instant of the operation.
	IsLocked bool `gorm:"-"`
	// Attributes are ordered by name. They are read only if the caller selects them.
	Attributes []CustomerAttribute `gorm:"-"`
}

// CustomerAttribute is a further property of an account, defined by the storefront.
type CustomerAttribute struct {
	AccountID             int64  `gorm:"primaryKey"`
	FullyQualifiedName    string `gorm:"primaryKey"`
	AttributeDefinitionID *int64
	// Values is stored as a JSON list, exactly as received, so that numbers keep all their digits.
	Values []json.RawMessage `gorm:"serializer:json"`
}

// SignInName is a user name or an e-mail address, in the normal form, with which an account signs
// in. One table holds both, so that no user name can be another account's e-mail address.
type SignInName struct {
	Name      string `gorm:"primaryKey"`
	AccountID int64
}
