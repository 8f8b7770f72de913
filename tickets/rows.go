package tickets

import (
	"errors"
	"fmt"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/models"
)

// rowsWindow is the time in which the rows of a source are counted.
const rowsWindow = time.Minute

// An anonymous ticket costs no row until it is refreshed or ended for the first time. Whoever does
// that again and again fills the database with rows that are kept for a month, so there is a bound
// for each source.

// rowSourceOf returns the source for which the first rows of anonymous sessions are counted; empty where
// they are not. A server that renders pages for many shoppers, and does not say for whom it asks,
// is not one source.
func rowSourceOf(caller *access.Caller, application *models.Application) string {
	if application.IsConfidential && !caller.ShopperAddress.IsValid() {
		return ""
	}
	return sourceOf(caller, application)
}

// errTooManyRows is returned when a source has had too many rows written. Its reason is BUSY.
var errTooManyRows = errors.New("too many first rows of one source")

// writeFirst writes the first row of a session with write, which reports whether it did. It returns
// errTooManyRows when the source has had too many written; there may be a row all the same.
func (o *Office) writeFirst(source string, now time.Time, write func() (bool, error)) (bool, error) {
	if source == "" {
		return write()
	}
	if _, wait := o.rows.reserve(source, now); wait > 0 {
		return false, fmt.Errorf("%w: %w", errTooManyRows, &models.Error{Reason: models.ReasonBusy, RetryAfter: wait})
	}
	first, err := write()
	if !first {
		o.rows.release(source)
	}
	return first, err
}
