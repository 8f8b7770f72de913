package applications

import (
	"sync"
	"time"

	"github.com/authtickets/authtickets/models"
)

// epochs remembers epochs of applications that are not current. If a token has such an epoch, it is
// either a former one, or a new one that this process has not read yet.
type epochs struct {
	mutex sync.Mutex
	// reloads counts how often the applications were read.
	reloads int64
	// metAt has the value of reloads when an epoch was first met in a token. If the application
	// still does not have it two reloads later, it is a former one.
	metAt map[epochOf]int64
}

type epochOf struct {
	application string
	epoch       uint32
}

// former, as a value of metAt, marks an epoch that an application had earlier.
const former = -2

// reloaded compares the applications that were read now with those from before.
func (e *epochs) reloaded(before, now []models.Application) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.reloads++
	current := make(map[epochOf]bool, len(now))
	for i := range now {
		current[epochOf{now[i].ID, now[i].Epoch}] = true
	}
	for i := range before {
		if of := (epochOf{before[i].ID, before[i].Epoch}); !current[of] {
			e.remember(of, former)
		}
	}
}

func (e *epochs) remember(of epochOf, count int64) {
	if e.metAt == nil {
		e.metAt = map[epochOf]int64{}
	}
	e.metAt[of] = count
}

// isFormer reports whether an epoch that is not the current one is certainly a former one.
func (e *epochs) isFormer(of epochOf) bool {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	metAt, ok := e.metAt[of]
	if !ok {
		e.remember(of, e.reloads)
		return false
	}
	return e.reloads >= metAt+2 // one of the two may have begun before the epoch was met
}

// HasEnded reports whether a session ended together with all others of its application. Clocks
// decide only about sessions of epoch 0, which began before there were epochs. The reason of its
// error is BUSY while the epoch may be a new one.
func (d *Directory) HasEnded(application *models.Application, epoch uint32, startedAt time.Time) (bool, error) {
	switch epoch {
	case application.Epoch:
		return epoch == 0 && startedAt.Before(application.SessionsFrom), nil
	case 0: // every other epoch came later
		return true, nil
	}
	if !d.epochs.isFormer(epochOf{application.ID, epoch}) {
		return false, busy()
	}
	return true, nil
}
