package accounts

import (
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/storage"
)

// Key names an account by exactly one of its fields. The schema's AccountKeyInput is bound to it,
// and has all fields except SignInName.
type Key struct {
	ID     *int64
	UserID *models.ID
	// UserName and EmailAddress ignore case. Each finds only accounts that have the text as this
	// kind of name. The owner of an e-mail address must not get the account of somebody whose user
	// name looks like that address.
	UserName     *string
	EmailAddress *string
	ExternalID   *string
	// SignInName is the user name or the e-mail address. It ignores case.
	SignInName *string
}

// stored returns the key for storage. The error is ErrNotFound for a key that no account can have,
// and a RefusedError unless exactly one field is given.
func (k Key) stored() (storage.AccountKey, error) {
	var stored storage.AccountKey
	given := 0
	if k.ID != nil {
		stored.ID, given = *k.ID, given+1
	}
	if k.UserID != nil {
		stored.UserID, given = *k.UserID, given+1
	}

	if k.ExternalID != nil {
		if checkEnds(externalIDField, *k.ExternalID) != nil {
			return stored, ErrNotFound // MySQL would find the id without the blanks
		}
		stored.ExternalID, given = *k.ExternalID, given+1
	}

	for _, name := range []*string{k.UserName, k.EmailAddress, k.SignInName} {
		if name == nil {
			continue
		}
		normal, err := NormalName(*name)
		if err != nil {
			return stored, ErrNotFound // nobody can have such a name
		}
		stored.Name, given = normal, given+1
	}

	if given != 1 {
		return stored, refused("name one account: " +
			"by its user name, its e-mail address, its id, its user id or its external id")
	}
	return stored, nil
}

// fits reports whether an account that signs in with the name has it as the kind of name that the
// key asks for.
func (k Key) fits(account *models.CustomerAccount, name string) bool {
	switch {
	case k.UserName != nil:
		return normalOrNone(account.UserName) == name
	case k.EmailAddress != nil:
		return normalOrNone(account.EmailAddress) == name
	default:
		return true
	}
}
