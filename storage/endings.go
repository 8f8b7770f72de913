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
}

// endingOf ends all sessions of some shoppers, also those that have expired: which clock says so
// may be wrong.
func endingOf(reason models.Reason, userIDs ...models.ID) ending {
	return ending{where: `user_id IN ?`, values: []any{userIDs}, reason: reason}
}

// EndSession ends a session, whatever its generation, and reports whether it was this call that
// did. That it was not says nothing: the node may not have the row yet. With a userID that is not
// zero it ends no other shopper's.
func (s *Store) EndSession(ctx context.Context, id, userID models.ID, reason models.Reason) (bool, error) {
	one := ending{where: `id = ?`, values: []any{id}, reason: reason}
	if userID != (models.ID{}) {
		one.where, one.values = `id = ? AND user_id = ?`, []any{id, userID}
	}
	ended, err := s.end(ctx, one)
	return ended == 1, err
}

// LivingSessions returns the ids of all sessions of a shopper that have neither ended nor expired,
// on whichever node they were written.
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

// EndSessionsOf ends all sessions of a shopper that have not ended. On a Galera cluster these are
// those of all nodes.
func (s *Store) EndSessionsOf(ctx context.Context, userID models.ID, reason models.Reason) error {
	if s.dialect.isCluster() {
		return s.transaction(ctx, func(tx *gorm.DB) error {
			_, err := endingOf(reason, userID).run(s, tx, false)
			return err
		})
	}
	_, err := s.end(ctx, endingOf(reason, userID))
	return err
}

// end returns how many sessions it has ended. Where the connection broke before we got to know,
// those count that an earlier run of the statement has ended.
func (s *Store) end(ctx context.Context, e ending) (int, error) {
	ended, mayHaveRun := 0, false
	err := s.retry(ctx, func() (err error) {
		ended, err = e.run(s, s.write.WithContext(ctx), mayHaveRun)
		mayHaveRun = mayHaveRun || s.dialect.failure(err) == broken
		return err
	})
	return ended, err
}

// run ends the sessions at the instant that the database's clock shows: all replicas look for ended
// sessions by that clock. mayHaveRun also counts those that ended for the same reason just before.
func (e ending) run(s *Store, db *gorm.DB, mayHaveRun bool) (int, error) {
	clock, now := s.dialect.clock()
	goingOn := `ended_at IS NULL`
	values := append(append(now, e.reason), e.values...)
	if justNow := s.dialect.endedJustNow(); mayHaveRun && justNow != "" {
		goingOn = `(ended_at IS NULL OR (end_reason = ? AND ` + justNow + `))`
		values = append(values, e.reason)
	}

	statement := `UPDATE sessions SET ended_at = ` + clock + `, end_reason = ? WHERE ` + e.where + ` AND ` + goingOn
	result := db.Exec(statement, values...)
	if result.Error != nil {
		return 0, fmt.Errorf("end sessions: %w", result.Error)
	}
	return int(result.RowsAffected), nil
}

// endOldest ends the sessions of a customer that were refreshed longest ago, but for the newest
// ones of a number and for the one named.
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
	_, err = ending{where: `id IN ?`, values: []any{oldest}, reason: models.ReasonTooManySessions}.run(s, tx, false)
	return err
}

// mostEndedAtOnce bounds a statement. A customer with more sessions loses the rest at the next
// sign-in.
const mostEndedAtOnce = 1000

// PurgeSessions deletes at most limit sessions of which every token has expired by an instant, and
// returns how many it has deleted.
func (s *Store) PurgeSessions(ctx context.Context, until time.Time, limit int) (int, error) {
	return purge[models.Session, models.ID](ctx, s, "id", "purge_at <= ?", until, limit)
}
