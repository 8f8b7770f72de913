package storage

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/authtickets/authtickets/models"
)

// AccountKeys are keys of accounts that are about to be written.
type AccountKeys struct {
	ExternalIDs []string
	// Names are user names and e-mail addresses in the normal form.
	Names   []string
	UserIDs []models.ID
	// IDs are the numbers of the accounts.
	IDs []int64
	// Attributes also reads the attributes of the accounts.
	Attributes bool
}

// Existing is what the database holds under some AccountKeys. The accounts stay locked until the
// transaction ends.
type Existing struct {
	Accounts []*models.CustomerAccount
	// Names maps each name that is taken to the number of its account.
	Names map[string]int64
}

// AccountWrite is one account to insert, if its ID is nil, or to update. The last two fields matter
// only to an update.
type AccountWrite struct {
	Account *models.CustomerAccount
	// Names are all names with which the account signs in. nil keeps the names of an existing
	// account.
	Names []string
	// ReplaceAttributes replaces the stored attributes by Account.Attributes. Otherwise they stay.
	ReplaceAttributes bool
	// ForgetFailures deletes the counts of wrong passwords for the account's names, and their
	// locks.
	ForgetFailures bool
	// EndSessions is the reason with which the customer's sessions end. If it is empty, they go on.
	EndSessions models.Reason
}

// AccountWriter reads and writes many accounts at a time within one transaction.
type AccountWriter struct {
	store *Store
	tx    *gorm.DB
}

// WriteAccounts runs do in one transaction. An error of do rolls it back. If another transaction
// was faster, WriteAccounts runs do again from the beginning, so do must have no effect except on
// the database. It returns ErrTaken if a key is still taken after three tries.
func (s *Store) WriteAccounts(ctx context.Context, do func(*AccountWriter) error) error {
	var err error
	for range 3 {
		err = s.transaction(ctx, func(tx *gorm.DB) error { return do(&AccountWriter{s, tx}) })
		if !errors.Is(err, gorm.ErrDuplicatedKey) {
			return err
		}
	}
	return fmt.Errorf("%w: %w", ErrTaken, err)
}

// Existing returns what exists under any of the keys, and locks those accounts.
func (w *AccountWriter) Existing(keys AccountKeys) (Existing, error) {
	existing := Existing{Names: make(map[string]int64, len(keys.Names))}

	var names []models.SignInName
	if err := findIn(w.tx, "name", keys.Names, &names); err != nil {
		return Existing{}, fmt.Errorf("look up names: %w", err)
	}

	ids := slices.Grow(slices.Clone(keys.IDs), len(names))
	for _, name := range names {
		existing.Names[name.Name] = name.AccountID
		ids = append(ids, name.AccountID)
	}

	numbers := w.tx.Model(&models.CustomerAccount{}).Select("id").Session(&gorm.Session{})
	var byExternalID, byUserID []int64
	if err := findIn(numbers, "external_id", keys.ExternalIDs, &byExternalID); err != nil {
		return Existing{}, fmt.Errorf("look up external ids: %w", err)
	}
	if err := findIn(numbers, "user_id", keys.UserIDs, &byUserID); err != nil {
		return Existing{}, fmt.Errorf("look up user ids: %w", err)
	}

	ids = append(append(ids, byExternalID...), byUserID...)
	if err := findIn(forUpdate(w.tx), "id", ids, &existing.Accounts); err != nil {
		return Existing{}, fmt.Errorf("look up accounts: %w", err)
	}

	if keys.Attributes {
		return existing, w.addAttributes(existing.Accounts)
	}

	return existing, nil
}

func (w *AccountWriter) addAttributes(accounts []*models.CustomerAccount) error {
	byID := make(map[int64]*models.CustomerAccount, len(accounts))
	ids := make([]int64, len(accounts))
	for i, account := range accounts {
		byID[*account.ID], ids[i] = account, *account.ID
	}

	var attributes []models.CustomerAttribute
	if err := findIn(w.tx.Order("account_id, fully_qualified_name"), "account_id", ids, &attributes); err != nil {
		return fmt.Errorf("look up attributes: %w", err)
	}

	for _, attribute := range attributes {
		account := byID[attribute.AccountID]
		account.Attributes = append(account.Attributes, attribute)
	}

	return nil
}

// findIn finds the rows whose column has one of the values. Without values it runs no statement.
func findIn[Value, Row any](tx *gorm.DB, column string, values []Value, rows *[]Row) error {
	if len(values) == 0 {
		return nil
	}
	return tx.Where(column+" IN ?", values).Find(rows).Error
}

// Write carries out the writes, and sets the ID of each new account. Updates come first, so that an
// insert can take a name that an update gives up.
func (w *AccountWriter) Write(writes []AccountWrite) error {
	work := workOf(writes)

	for _, step := range []func() error{
		func() error { return updateAccounts(w.tx, work.updated) },
		func() error { return deleteOf[models.SignInName](w.tx, work.renamed) },
		func() error { return deleteOf[models.CustomerAttribute](w.tx, work.reattributed) },
		func() error { return deleteGuesses(w.tx, work.forgiven...) },
		func() error { return insertAccounts(w.tx, work.inserted) },
		func() error { return insertNames(w.tx, writes) },
		func() error { return insertAttributes(w.tx, writes) },
		func() error { return w.endSessions(work.ended) },
	} {
		if err := step(); err != nil {
			return fmt.Errorf("write accounts: %w", err)
		}
	}

	return nil
}

// workload groups the writes of many accounts by the statements that they need.
type workload struct {
	inserted, updated []*models.CustomerAccount
	// renamed and reattributed are the accounts whose names and attributes are replaced.
	renamed, reattributed []int64
	// forgiven are the customers whose wrong passwords are forgotten.
	forgiven []models.ID
	// ended are the customers whose sessions end, by the reason.
	ended map[models.Reason][]models.ID
}

func workOf(writes []AccountWrite) workload {
	work := workload{ended: make(map[models.Reason][]models.ID)}
	for _, write := range writes {
		account := write.Account
		if account.ID == nil {
			work.inserted = append(work.inserted, account)
			continue
		}

		work.updated = append(work.updated, account)
		if write.Names != nil {
			work.renamed = append(work.renamed, *account.ID)
		}
		if write.ReplaceAttributes {
			work.reattributed = append(work.reattributed, *account.ID)
		}
		if write.ForgetFailures {
			work.forgiven = append(work.forgiven, account.UserID)
		}
		if write.EndSessions != "" {
			work.ended[write.EndSessions] = append(work.ended[write.EndSessions], account.UserID)
		}
	}

	return work
}

// updateAccounts writes whole rows. That is safe because this transaction has locked them.
func updateAccounts(tx *gorm.DB, accounts []*models.CustomerAccount) error {
	if len(accounts) == 0 {
		return nil
	}
	everyColumn := clause.OnConflict{Columns: []clause.Column{{Name: "id"}}, UpdateAll: true}
	return tx.Clauses(everyColumn).Create(accounts).Error
}

// insertAccounts inserts rows and then reads their numbers. GORM would guess them, but a cluster
// can leave gaps between the numbers of one statement.
func insertAccounts(tx *gorm.DB, accounts []*models.CustomerAccount) error {
	if len(accounts) == 0 {
		return nil
	}
	if err := tx.Create(accounts).Error; err != nil {
		return err
	}

	byUserID := make(map[models.ID]*models.CustomerAccount, len(accounts))
	userIDs := make([]models.ID, len(accounts))
	for i, account := range accounts {
		byUserID[account.UserID], userIDs[i] = account, account.UserID
	}

	var numbered []models.CustomerAccount
	if err := findIn(tx.Select("id", "user_id"), "user_id", userIDs, &numbered); err != nil {
		return err
	}

	for _, row := range numbered {
		byUserID[row.UserID].ID = row.ID
	}

	return nil
}

func insertNames(tx *gorm.DB, writes []AccountWrite) error {
	var names []models.SignInName
	for _, write := range writes {
		for _, name := range write.Names {
			names = append(names, models.SignInName{Name: name, AccountID: *write.Account.ID})
		}
	}
	return insertAll(tx, names)
}

func insertAttributes(tx *gorm.DB, writes []AccountWrite) error {
	var attributes []models.CustomerAttribute
	for _, write := range writes {
		if !write.ReplaceAttributes {
			continue
		}
		for _, attribute := range write.Account.Attributes {
			attribute.AccountID = *write.Account.ID
			attributes = append(attributes, attribute)
		}
	}
	return insertAll(tx, attributes)
}

// insertAll inserts rows in statements of limited size. Without rows it runs no statement.
func insertAll[Row any](tx *gorm.DB, rows []Row) error {
	if len(rows) == 0 {
		return nil
	}
	return tx.CreateInBatches(rows, 1000).Error
}

// deleteOf deletes all rows of one kind that belong to the accounts.
func deleteOf[Row any](tx *gorm.DB, accountIDs []int64) error {
	if len(accountIDs) == 0 {
		return nil
	}
	return tx.Where("account_id IN ?", accountIDs).Delete(new(Row)).Error
}

func (w *AccountWriter) endSessions(ended map[models.Reason][]models.ID) error {
	for reason, userIDs := range ended {
		if _, err := w.store.end(w.tx, endingOf(reason, userIDs...)); err != nil {
			return err
		}
	}
	return nil
}
