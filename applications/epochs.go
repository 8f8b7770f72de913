package applications

import (
	"sync"
	"time"

	"github.com/authtickets/authtickets/models"
)

// epochs remembers epochs that applications do not have now, if a token had one. Such an epoch is
// either a former one, or a new one that this process has not read yet.
type epochs struct {
	mutex sync.Mutex
	// reloads counts how often the applications were read.
	reloads int64
	// met has the value of reloads when an epoch was first seen in a token. If the applications
	// were read again since, and none has the epoch, it is a former one.
	met map[epochOf]int64
}

type epochOf struct {
	application string
	epoch       uint32
}

// former, as a value of met, marks an epoch that is known to be a former one.
const former = -2

// reloaded notes which applications were read now, and which were known before.
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
	return e.reloads >= met+2 // one reading may have begun before the epoch was seen
}

// HasEnded reports whether a session has ended together with all others of its application. Clocks
// decide only about sessions of epoch 0, which began before there were epochs. The reason of its
// error is BUSY until it is known whether the epoch is a former or a new one.
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
