package storage

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/authtickets/authtickets/models"
)

// ending says which sessions end, and why. Sessions that have already ended do not change.
type ending struct {
	// where is the condition for the sessions, and values are its values.
	where  string
	values []any
	reason models.Reason
	// claimedBy is the customer who takes over an anonymous session, or nil.
	claimedBy *models.ID
	// mayHaveRun is true if an earlier run of the statement may have ended the sessions. Sessions
	// that ended just before for the same reason then count too.
	mayHaveRun bool
}

// endingOf ends all sessions of some shoppers, even expired ones. The clock may be wrong about
// them.
func endingOf(reason models.Reason, userIDs ...models.ID) ending {
	return ending{where: `user_id IN ?`, values: []any{userIDs}, reason: reason}
}

// EndSession ends a session of any generation, and reports whether this call ended it. False does
// not mean that the session is over: the node may not have the row yet. If userID is not zero,
// EndSession ends the session only if it belongs to that shopper.
func (s *Store) EndSession(ctx context.Context, id, userID models.ID, reason models.Reason) (bool, error) {
	one := ending{where: `id = ?`, values: []any{id}, reason: reason}
	if userID != (models.ID{}) {
		one.where, one.values = `id = ? AND user_id = ?`, []any{id, userID}
	}
	ended, err := s.endAlone(ctx, one)
	return ended == 1, err
}

// LivingSessions returns the ids of all sessions of a shopper that have neither ended nor expired.
// It also finds those that another node has just written.
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

// EndSessionsOf ends all sessions of a shopper that have not ended. On a Galera cluster, it also
// ends those that another node has just written.
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

// endAlone ends sessions outside a transaction, and returns how many. If the connection breaks
// before the answer, it runs again, and also counts the sessions that the first run may have ended.
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
// look for ended sessions by that clock. Only claimUnwritten ends sessions in another way.
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

// endOldest ends the sessions of a customer that were refreshed longest ago. It keeps the newest
// session, and as many others as keepOthers says.
func (s *Store) endOldest(tx *gorm.DB, userID, newest models.ID, keepOthers int) error {
	var oldest []models.ID
	clock, now := s.dialect.clock()
	alive := `user_id = ? AND id <> ? AND ended_at IS NULL AND expires_at > ` + clock

	err := tx.Model(&models.Session{}).Where(alive, append([]any{userID, newest}, now...)...).
		Order("refreshed_at DESC, id").Offset(keepOthers).Limit(mostEndedAtOnce).Pluck("id", &oldest).Error
	if err != nil {
		return fmt.Errorf("look for the oldest sessions: %w", err)
	}

	if len(oldest) == 0 {
		return nil
	}

	_, err = s.end(tx, ending{where: `id IN ?`, values: []any{oldest}, reason: models.ReasonTooManySessions})
	return err
}

// mostEndedAtOnce limits the size of a statement. If a customer has more sessions, the next sign-in
// ends the others.
const mostEndedAtOnce = 1000

// PurgeSessions deletes sessions all of whose tokens had expired at the instant until. It deletes
// at most limit sessions, and returns how many.
func (s *Store) PurgeSessions(ctx context.Context, until time.Time, limit int) (int, error) {
	return purge[models.Session, models.ID](ctx, s, "id", "purge_at <= ?", until, limit)
}
