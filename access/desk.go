package access

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"github.com/authtickets/authtickets/models"
)

// Desk checks rights and records acts. All operations of a server share one.
type Desk struct {
	// Allows returns the id of the application that calls, and an error unless it has the right.
	// With the reason BEHAVIOR_MISSING it returns the id, too. If Allows is nil, no application has
	// any right.
	Allows func(caller *Caller, right Right) (application string, err error)
	// Log gets the record of acts. Required.
	Log *slog.Logger
}

// Act names an operation, and the right that it needs.
type Act struct {
	// Name stands for the act in the record, for example account.lock.
	Name string
	// Needs is the right that a caller must have. The zero Right reserves the act for operators and
	// the server.
	Needs Right
	// OrToken says that the operation also accepts a shopper's access token instead of the right.
	// So a caller without the right gets the reason TOKEN_MISSING.
	OrToken bool
}

// Entry is what the record says about one act, besides its name and outcome. It has no field for a
// name, an e-mail address or a secret. The record omits fields that are zero.
type Entry struct {
	// By is who acts: the id of an application, "operator" or "server". Do sets it.
	By string

	// What the act is about. Set only ids that exist: any other text could be a secret that
	// somebody typed into the wrong field.
	User        models.ID
	Session     models.ID
	Application string
	Keyset      string
	// UsedFrom is when a new keyset takes over.
	UsedFrom time.Time

	// Source is the address or network that a password came from.
	Source string
	// Counts are for an act on many things, for example an import.
	Counts []Count

	isDropped bool
}

// Count is a named number in the record, for example of created accounts.
type Count struct {
	Name   string
	Number int
}

// Drop keeps an act out of the record. Use it if nothing has happened.
func (e *Entry) Drop() { e.isDropped = true }

// KeysetName returns the name of a keyset in the record, for example "seal 3".
func KeysetName(purpose models.KeyPurpose, number int) string {
	return string(purpose) + " " + strconv.Itoa(number)
}

// Do runs work if the caller has the right that the act needs. It records every outcome, refusals
// too. The reasons of its errors are those of Allows, BEHAVIOR_MISSING or TOKEN_MISSING, and those
// of work.
func Do[Result any](
	ctx context.Context, desk *Desk, caller *Caller, act Act, work func(*Entry) (Result, error),
) (Result, error) {
	return Record(ctx, desk, act.Name, func(entry *Entry) (result Result, err error) {
		if entry.By, err = desk.admit(caller, act); err != nil {
			return result, err
		}
		return work(entry)
	})
}

// Record runs work and records every outcome. It checks no right: use it for acts that everybody
// may try, for example signing in. work decides whether the caller may act, and sets entry.By.
func Record[Result any](
	ctx context.Context, desk *Desk, act string, work func(*Entry) (Result, error),
) (result Result, err error) {
	entry := &Entry{}
	err = errUnfinished
	defer func() { desk.write(ctx, act, entry, err) }()

	return work(entry)
}

// errUnfinished is the error of an act that ended with a panic.
var errUnfinished = errors.New("the act did not finish")

// Check returns nil if the caller has the right that an act needs. It records only a refusal: use
// it for acts that are frequent and change nothing. The reasons of its errors are those of Allows,
// BEHAVIOR_MISSING and TOKEN_MISSING.
func (d *Desk) Check(ctx context.Context, caller *Caller, act Act) error {
	by, err := d.admit(caller, act)
	if err != nil {
		d.write(ctx, act.Name, &Entry{By: by}, err)
	}
	return err
}

// admit returns the caller's name in the record. Its error says why the caller lacks the right.
func (d *Desk) admit(caller *Caller, act Act) (by string, err error) {
	behaviorMissing := &models.Error{Reason: models.ReasonBehaviorMissing}
	switch {
	case caller.insider != "":
		return caller.insider, nil
	case act.Needs == Right{}, d.Allows == nil:
		return "", behaviorMissing
	}

	by, err = d.Allows(caller, act.Needs)
	if act.OrToken && errors.Is(err, behaviorMissing) {
		return by, &models.Error{Reason: models.ReasonTokenMissing}
	}
	return by, err
}
