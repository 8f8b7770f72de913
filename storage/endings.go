package storage

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/authtickets/authtickets/models"
)

// ending says which sessions end, and why. Sessions that have ended already stay as they are.
type ending struct {
	// where is a condition, with its values.
	where  string
	values []any
	reason models.Reason
	// claimedBy is the customer who takes over an anonymous session; nil when nobody does.
	claimedBy *models.ID
	// mayHaveRun also counts sessions that ended for the same reason just before, because an
	// earlier run of the statement may have ended them.
	mayHaveRun bool
}

// endingOf ends all sessions of some shoppers. It includes those that have expired, because the
// clock that says so may be wrong.
func endingOf(reason models.Reason, userIDs ...models.ID) ending {
	return ending{where: `user_id IN ?`, values: []any{userIDs}, reason: reason}
}

// EndSession ends a session, whatever its generation, and reports whether this call ended it. False
// does not mean that the session is over: the node may not have the row yet. With a userID that is
// not zero, it ends no other shopper's session.
func (s *Store) EndSession(ctx context.Context, id, userID models.ID, reason models.Reason) (bool, error) {
	one := ending{where: `id = ?`, values: []any{id}, reason: reason}
	if userID != (models.ID{}) {
		one.where, one.values = `id = ? AND user_id = ?`, []any{id, userID}
	}
	ended, err := s.endAlone(ctx, one)
	return ended == 1, err
}

// LivingSessions returns the ids of all sessions of a shopper that have neither ended nor expired.
// It finds those that were written on any node.
func (s *Store) LivingSessions(ctx context.Context, userID models.ID) ([]models.ID, error) {
	clock, now := s.dialect.clock()
	query := `SELECT id FROM sessions WHERE user_id = ? AND ended_at IS NULL AND expires_at > ` + clock
	var rows []struct{ ID models.ID }
	if err := s.latest(ctx, &rows, query, append([]any{userID}, now...)...); err != nil {
		return nil, fmt.Errorf("look for living sessions: %w", err)
	}

	ids := make([]models.ID, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	return ids, nil
}

// EndSessionsOf ends all sessions of a shopper that have not ended. On a Galera cluster it ends
// those of all nodes.
func (s *Store) EndSessionsOf(ctx context.Context, userID models.ID, reason models.Reason) error {
	all := endingOf(reason, userID)
	if !s.dialect.isCluster() {
		_, err := s.endAlone(ctx, all)
		return err
	}
	return s.transaction(ctx, func(tx *gorm.DB) error {
		_, err := s.end(tx, all)
		return err
	})
}

// endAlone ends sessions outside a transaction, and returns how many. If the connection broke
// before the answer came, it also counts the sessions that the statement may have ended then.
func (s *Store) endAlone(ctx context.Context, e ending) (int, error) {
	ended := 0
	err := s.retry(ctx, func() (err error) {
		ended, err = s.end(s.write.WithContext(ctx), e)
		e.mayHaveRun = e.mayHaveRun || s.dialect.failure(err) == broken
		return err
	})
	return ended, err
}

// end ends sessions at the present instant of the database's clock, and returns how many. Servers
// look for ended sessions by that clock. No other UPDATE ends sessions.
func (s *Store) end(db *gorm.DB, e ending) (int, error) {
	clock, now := s.dialect.clock()
	set, values := `ended_at = `+clock+`, end_reason = ?`, append(now, e.reason)
	if e.claimedBy != nil {
		set, values = set+`, claimed_by = ?`, append(values, e.claimedBy)
	}

	living := `ended_at IS NULL`
	values = append(values, e.values...)
	if justNow := s.dialect.endedJustNow(); e.mayHaveRun && justNow != "" {
		living = `(ended_at IS NULL OR (end_reason = ? AND ` + justNow + `))`
		values = append(values, e.reason)
	}

	result := db.Exec(`UPDATE sessions SET `+set+` WHERE `+e.where+` AND `+living, values...)
	if result.Error != nil {
		return 0, fmt.Errorf("end sessions: %w", result.Error)
	}

	return int(result.RowsAffected), nil
}

// endOldest ends the sessions of a customer that were refreshed longest ago. It keeps the session
// except, and as many others as keep says.
func (s *Store) endOldest(tx *gorm.DB, userID, except models.ID, keep int) error {
	var oldest []models.ID
	clock, now := s.dialect.clock()
	alive := `user_id = ? AND id <> ? AND ended_at IS NULL AND expires_at > ` + clock

	err := tx.Model(&models.Session{}).Where(alive, append([]any{userID, except}, now...)...).
		Order("refreshed_at DESC, id").Offset(keep).Limit(mostEndedAtOnce).Pluck("id", &oldest).Error
	if err != nil {
		return fmt.Errorf("look for the oldest sessions: %w", err)
	}

	if len(oldest) == 0 {
		return nil
	}

	_, err = s.end(tx, ending{where: `id IN ?`, values: []any{oldest}, reason: models.ReasonTooManySessions})
	return err
}

// mostEndedAtOnce bounds a statement. If a customer has more sessions, the next sign-in ends the
// others.
const mostEndedAtOnce = 1000

// PurgeSessions deletes sessions whose tokens had all expired at the instant until. It deletes at
// most limit sessions, and returns how many.
func (s *Store) PurgeSessions(ctx context.Context, until time.Time, limit int) (int, error) {
	return purge[models.Session, models.ID](ctx, s, "id", "purge_at <= ?", until, limit)
}
