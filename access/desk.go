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
	// Allows returns the id of the application that calls, and nil if it has the right. With the
	// reason BEHAVIOR_MISSING it returns the id, too. If Allows is nil, no application has any
	// right.
	Allows func(caller *Caller, right Right) (application string, err error)
	// Log gets the record of acts. Required.
	Log *slog.Logger
}

// Act is something that a caller does to somebody or something else.
type Act struct {
	// Name is how the record calls it, for example account.lock.
	Name string
	// Needs is the right that a caller must have. The zero Right reserves the act for operators and
	// the server.
	Needs Right
	// OrToken says that a shopper's access token would do instead of the right. A caller that has
	// neither is told TOKEN_MISSING.
	OrToken bool
}

// Entry is what the record says about one act, besides its name and outcome. It has no place for a
// name, an e-mail address or a secret. Fields that are zero are left out.
type Entry struct {
	// By is who acts: the id of an application, "operator" or "server". Do sets it.
	By string

	// Whom or what the act is about. Set only ids that exist: any other text could be a secret that
	// somebody has put in the wrong place.
	User        models.ID
	Session     models.ID
	Application string
	Keyset      string
	// UsedFrom is when a new keyset takes over.
	UsedFrom time.Time

	// Source is the network that a password came from.
	Source string
	// Counts say how much an act has changed, if it is about many.
	Counts []Count

	isDropped bool
}

// Count is how many things of one kind an act was about.
type Count struct {
	Name   string
	Number int
}

// Drop keeps an act out of the record, because nothing has happened.
func (e *Entry) Drop() { e.isDropped = true }

// KeysetName is how the record names a keyset, for example "seal 3".
func KeysetName(purpose models.KeyPurpose, number int) string {
	return string(purpose) + " " + strconv.Itoa(number)
}

// Do carries out an act for a caller who has the right, and records it, whatever its outcome. The
// reasons of its errors are those of Allows, BEHAVIOR_MISSING or TOKEN_MISSING, and those of work.
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

// Record carries out an act that everybody may try, for example signing in, and records it,
// whatever its outcome. The work decides who may, and says who has acted.
func Record[Result any](
	ctx context.Context, desk *Desk, act string, work func(*Entry) (Result, error),
) (result Result, err error) {
	entry := &Entry{}
	err = errUnfinished
	defer func() { desk.write(ctx, act, entry, err) }()

	return work(entry)
}

// errUnfinished is the outcome of an act that ended with a panic.
var errUnfinished = errors.New("the act did not come to an end")

// Check returns nil if the caller has the right that an act needs. It records only a refusal: use
// it for acts that are frequent and change nothing. Its errors are those of Do.
func (d *Desk) Check(ctx context.Context, caller *Caller, act Act) error {
	by, err := d.admit(caller, act)
	if err != nil {
		d.write(ctx, act.Name, &Entry{By: by}, err)
	}
	return err
}

// admit returns who the caller is. Its error says why the caller does not have the right.
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
