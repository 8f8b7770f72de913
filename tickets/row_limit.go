package tickets

import (
	"errors"
	"fmt"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/models"
)

// rowLimit limits how many anonymous sessions each source may have written in a minute. An
// anonymous ticket costs no row until it is refreshed or ended for the first time. Without a limit,
// a stranger could fill the database with rows that are kept for a month.
type rowLimit struct{ bySource *counter }

// rowsWindow is the time in which the rows of a source are counted.
const rowsWindow = time.Minute

func newRowLimit(policy Policy) (*rowLimit, error) {
	bySource, err := newCounter(policy.RowsPerSource, rowsWindow)
	return &rowLimit{bySource}, err
}

// rowSourceOf returns the source for which first rows are counted; empty if they are not counted.
// They are not counted if a server calls for many shoppers and does not name their addresses.
func rowSourceOf(caller *access.Caller, application *models.Application) string {
	if application.IsConfidential && !caller.ShopperAddress.IsValid() {
		return ""
	}
	return sourceOf(caller, application)
}

// errTooManyRows is returned if a source has had too many rows written. It comes with the reason
// BUSY.
var errTooManyRows = errors.New("too many first rows of one source")

// write writes the first row of a session with insert, which reports whether it did. If the source
// has had too many written, it returns errTooManyRows without calling insert. Even then, the
// session may have a row from another request.
func (l *rowLimit) write(source string, now time.Time, insert func() (bool, error)) (bool, error) {
	if source == "" {
		return insert()
	}
	if _, wait := l.bySource.reserve(source, now); wait > 0 {
		return false, fmt.Errorf("%w: %w", errTooManyRows, &models.Error{Reason: models.ReasonBusy, RetryAfter: wait})
	}

	first, err := insert()
	if !first {
		l.bySource.release(source)
	}
	return first, err
}
