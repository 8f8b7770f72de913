package applications

import (
	"sync"
	"time"

	"github.com/authtickets/authtickets/models"
)

// epochs are those that applications had before, as far as sessions of them were met. An epoch that
// is not the present one is either a former one, or one that this process has not read yet.
type epochs struct {
	mutex sync.Mutex
	// reloads counts how often the applications were read.
	reloads int64
	// met is the count at which an epoch was first met. It is a former one when the applications
	// were read anew since, from the beginning, without its turning up.
	met map[epochOf]int64
}

type epochOf struct {
	application string
	epoch       uint32
}

// former is the count of an epoch that is known to be over.
const former = -2

// reloaded learns what has been read, and what was there before.
func (e *epochs) reloaded(before, now []models.Application) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.reloads++
	present := make(map[epochOf]bool, len(now))
	for i := range now {
		present[epochOf{now[i].ID, now[i].Epoch}] = true
	}
	for i := range before {
		if of := (epochOf{before[i].ID, before[i].Epoch}); !present[of] {
			e.remember(of, former)
		}
	}
}

func (e *epochs) remember(of epochOf, count int64) {
	if e.met == nil {
		e.met = map[epochOf]int64{}
	}
	e.met[of] = count
}

// isFormer reports whether an epoch that is not the present one is known to be a former one.
func (e *epochs) isFormer(of epochOf) bool {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	met, ok := e.met[of]
	if !ok {
		e.remember(of, e.reloads)
		return false
	}
	return e.reloads >= met+2 // one reading may have been under way when the epoch was met
}

// HasEnded reports whether a session has ended with all others of its application. Only for
// sessions that began before there were epochs do the clocks decide. The reason of its error is
// BUSY while this process has not read of an epoch that a token has.
func (d *Directory) HasEnded(application *models.Application, epoch uint32, startedAt time.Time) (bool, error) {
	switch epoch {
	case application.Epoch:
		return epoch == 0 && startedAt.Before(application.SessionsFrom), nil
	case 0: // all others were drawn later
		return true, nil
	}
	if !d.epochs.isFormer(epochOf{application.ID, epoch}) {
		return false, &models.Error{Reason: models.ReasonBusy, RetryAfter: time.Second}
	}
	return true, nil
}
