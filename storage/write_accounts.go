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

// AccountKeys are the keys of accounts that are about to be written.
type AccountKeys struct {
	ExternalIDs []string
	// Names are user names and e-mail addresses in the normal form.
	Names   []string
	UserIDs []models.ID
	// IDs are the numbers of accounts that are needed whatever their other keys are.
	IDs []int64
	// Attributes says whether the accounts are needed with their attributes.
	Attributes bool
}

// Existing is what the database holds under some AccountKeys. The accounts are locked until the transaction ends.
type Existing struct {
	Accounts []*models.CustomerAccount
	// Names says which account has which of the names.
	Names map[string]int64
}

// AccountWrite is one account to insert (ID is nil) or to update.
type AccountWrite struct {
	Account *models.CustomerAccount
	// Names are all names by which it signs in; nil leaves those of an account that exists alone.
	Names []string
	// ReplaceAttributes says that Account.Attributes take the place of the stored ones, which are left alone otherwise.
	ReplaceAttributes bool
	// ForgetFailures says that the wrong passwords counted against the account are forgotten.
	ForgetFailures bool
	// EndSessions is why the customer's sessions end with this write; empty when they go on.
	EndSessions models.Reason
}

// AccountWriter reads and writes many accounts at a time within one transaction.
type AccountWriter struct {
	store *Store
	tx    *gorm.DB
}

// WriteAccounts runs do in one transaction, which an error of do rolls back. It may run do again, from the beginning, when somebody else was
// faster: do must have no effect but on the database. It returns ErrTaken when a key remains taken.
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

// Existing returns what exists under the keys.
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

// findIn finds the rows whose column has one of the values. Without values it asks nobody.
func findIn[Value, Row any](tx *gorm.DB, column string, values []Value, rows *[]Row) error {
	if len(values) == 0 {
		return nil
	}
	return tx.Where(column+" IN ?", values).Find(rows).Error
}

// Write carries the writes out, and numbers the new accounts. What an update gives up, an insert can take.
func (w *AccountWriter) Write(writes []AccountWrite) error {
	var inserted, updated []*models.CustomerAccount
	var renamed, reattributed []int64
	var forgiven []models.ID
	ended := make(map[models.Reason][]models.ID)
	for _, write := range writes {
		account := write.Account
		if account.ID == nil {
			inserted = append(inserted, account)
			continue
		}
		updated = append(updated, account)
		if write.Names != nil {
			renamed = append(renamed, *account.ID)
		}
		if write.ReplaceAttributes {
			reattributed = append(reattributed, *account.ID)
		}
		if write.ForgetFailures {
			forgiven = append(forgiven, account.UserID)
		}
		if write.EndSessions != "" {
			ended[write.EndSessions] = append(ended[write.EndSessions], account.UserID)
		}
	}
	for _, step := range []func() error{
		func() error { return updateAccounts(w.tx, updated) },
		func() error { return deleteOf[models.SignInName](w.tx, renamed) },
		func() error { return deleteOf[models.CustomerAttribute](w.tx, reattributed) },
		func() error { return deleteGuesses(w.tx, forgiven...) },
		func() error { return insertAccounts(w.tx, inserted) },
		func() error { return insertNames(w.tx, writes) },
		func() error { return insertAttributes(w.tx, writes) },
		func() error { return w.endSessions(ended) },
	} {
		if err := step(); err != nil {
			return fmt.Errorf("write accounts: %w", err)
		}
	}
	return nil
}

// updateAccounts writes whole rows that this transaction holds locked.
func updateAccounts(tx *gorm.DB, accounts []*models.CustomerAccount) error {
	if len(accounts) == 0 {
		return nil
	}
	everyColumn := clause.OnConflict{Columns: []clause.Column{{Name: "id"}}, UpdateAll: true}
	return tx.Clauses(everyColumn).Create(accounts).Error
}

// insertAccounts inserts rows and then reads their numbers back: a cluster may number the rows of one statement with gaps.
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

// insertAll inserts rows, of which there may be none, in statements of a bounded size.
func insertAll[Row any](tx *gorm.DB, rows []Row) error {
	if len(rows) == 0 {
		return nil
	}
	return tx.CreateInBatches(rows, 1000).Error
}

// deleteOf deletes all rows of a kind that belong to the accounts.
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
