package models

import (
	"encoding/json"
	"time"

	"github.com/authtickets/authtickets/secret"
)

// CustomerAccount is the stored person. For an anonymous shopper there is one that is not stored.
// The schema's CustomerAccount is bound to it. Fields that are not in the schema never leave the
// server.
type CustomerAccount struct {
	// ID is the number of the account; nil for an anonymous shopper.
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
	// LockedUntil is when the lock because of wrong passwords ends. Without a lock it is nil or
	// past.
	LockedUntil *time.Time
	// LockedByOperator is a lock that only an operator ends. It applies on every device.
	LockedByOperator bool

	CreatedAt time.Time
	UpdatedAt time.Time

	// IsAnonymous is true for a shopper who has not signed in. The account is not stored.
	IsAnonymous bool `gorm:"-"`
	// IsLocked is true if one of the two locks applied at the instant of the operation.
	IsLocked bool `gorm:"-"`
	// Attributes are ordered by name. They are read only if they are selected.
	Attributes []CustomerAttribute `gorm:"-"`
}

// CustomerAttribute is a further property of an account, defined by the storefront.
type CustomerAttribute struct {
	AccountID             int64  `gorm:"primaryKey"`
	FullyQualifiedName    string `gorm:"primaryKey"`
	AttributeDefinitionID *int64
	// Values is stored as a JSON list, exactly as it came, so that numbers keep all their digits.
	Values []json.RawMessage `gorm:"serializer:json"`
}

// SignInName is a user name or an e-mail address that an account signs in with, in the normal form.
// One table holds both. So the database ensures that no user name is another account's e-mail
// address.
type SignInName struct {
	Name      string `gorm:"primaryKey"`
	AccountID int64
}
