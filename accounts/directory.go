package accounts

import (
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/storage"
)

// key is a value that at most one account has.
type key struct {
	kind keyKind
	text string
}

type keyKind int

const (
	nameKey keyKind = iota
	externalIDKey
	userIDKey
)

func keyOfName(name string) key             { return key{nameKey, name} }
func keyOfExternalID(externalID string) key { return key{externalIDKey, externalID} }
func keyOfUserID(userID models.ID) key      { return key{userIDKey, string(userID[:])} }

// keys returns the keys that a record gives.
func (r *Record) keys() []key {
	keys := make([]key, 0, 4)
	if r.account.ExternalID != nil {
		keys = append(keys, keyOfExternalID(*r.account.ExternalID))
	}

	for _, name := range []string{r.userName, r.emailAddress} {
		if name != "" {
			keys = append(keys, keyOfName(name))
		}
	}

	if r.gives(userIDField) {
		keys = append(keys, keyOfUserID(r.account.UserID))
	}
	return keys
}

// keysOf returns the keys of all accounts that the records may be about.
func keysOf(records []*Record) storage.AccountKeys {
	var keys storage.AccountKeys
	for _, record := range records {
		for _, key := range record.keys() {
			switch key.kind {
			case nameKey:
				keys.Names = append(keys.Names, key.text)
			case externalIDKey:
				keys.ExternalIDs = append(keys.ExternalIDs, key.text)
			case userIDKey:
				keys.UserIDs = append(keys.UserIDs, record.account.UserID)
			}
		}
		keys.Attributes = keys.Attributes || record.gives(attributesField)
	}
	return keys
}

// directory finds existing accounts by their keys.
type directory struct {
	byID         map[int64]*models.CustomerAccount
	byExternalID map[string]*models.CustomerAccount
	byUserID     map[models.ID]*models.CustomerAccount
	names        map[string]int64
}

func newDirectory(existing storage.Existing) directory {
	d := directory{
		byID:         map[int64]*models.CustomerAccount{},
		byExternalID: map[string]*models.CustomerAccount{},
		byUserID:     map[models.ID]*models.CustomerAccount{},
		names:        existing.Names,
	}

	for _, account := range existing.Accounts {
		d.byID[*account.ID], d.byUserID[account.UserID] = account, account
		if account.ExternalID != nil {
			d.byExternalID[*account.ExternalID] = account
		}
	}
	return d
}

// find returns the account that a record means, or nil if it means a new one.
func (d directory) find(record *Record) *models.CustomerAccount {
	externalID := record.account.ExternalID
	if externalID != nil && d.byExternalID[*externalID] != nil {
		return d.byExternalID[*externalID]
	}

	account := d.byID[d.names[record.userName]]
	if account == nil || normalOrNone(account.UserName) != record.userName {
		return nil // the name is nobody's, or somebody's e-mail address
	}
	if externalID != nil && account.ExternalID != nil {
		return nil // it has another external id
	}
	return account
}

// keysOfAccount returns the keys that an account has.
func keysOfAccount(account *models.CustomerAccount) []key {
	keys := []key{keyOfUserID(account.UserID)}

	for _, name := range []string{normalOrNone(account.UserName), normalOrNone(account.EmailAddress)} {
		if name != "" {
			keys = append(keys, keyOfName(name))
		}
	}

	if account.ExternalID != nil {
		keys = append(keys, keyOfExternalID(*account.ExternalID))
	}
	return keys
}

func normalOrNone(name *string) string {
	if name == nil {
		return ""
	}
	normal, _ := NormalName(*name) // it was checked when it was written
	return normal
}
