// Package tickets makes every decision about a ticket. Each verb has a file: issue.go, sign_in.go,
// refresh.go, revoke.go and verify.go. A sign-in continues in guard.go and claim.go, a refresh in
// advance.go. revocations.go makes every server refuse the access tokens of a session that has
// ended.
package tickets

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/password"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage"
)

// Office issues, refreshes and ends tickets. All its exported fields are required, and must not
// change while it is in use.
type Office struct {
	Store        *storage.Store
	Accounts     *accounts.Book
	Applications *applications.Directory
	Keys         *seal.Keys
	// Signers sign JWTs. Issuer, which is a URL, and Audience are their claims.
	Signers  *seal.Signers
	Issuer   string
	Audience []string
	Hasher   *password.Hasher
	Policy   Policy
	// UserClaims adds the user claims of Kibo's APIs to JWTs.
	UserClaims bool
	// Now returns the time. Each operation reads it once. It jumps when somebody sets the clock.
	Now func() time.Time
	// Elapsed returns how much time has passed since the program began. It never jumps.
	Elapsed func() time.Duration
	// Random draws the ids of sessions and anonymous shoppers. It must be fit for cryptography.
	Random io.Reader
	// Desk checks the rights of callers, and records what they do.
	Desk *access.Desk
	// Log gets what is not an act of a caller: locks, refresh tokens that were used again, and
	// failures that no client notices.
	Log *slog.Logger

	clocks      *clocks
	guard       *guard
	rowLimit    *rowLimit
	revocations *revocations
	purging     *purging
	// signingIn is how many sign-ins have had their turn and are not finished.
	signingIn *atomic.Int64
}

// Open returns an office with the exported fields of the given one, ready for use.
func Open(office Office) (*Office, error) {
	office.clocks = newClocks(&office)
	office.revocations = newRevocations(&office)
	office.purging = &purging{}
	office.signingIn = new(atomic.Int64)

	var err error
	if office.guard, err = newGuard(&office); err != nil {
		return nil, err
	}
	if office.rowLimit, err = newRowLimit(office.Policy); err != nil {
		return nil, err
	}
	return &office, nil
}

// ReloadEnded reads which sessions have ended since the last call, on any server. From then on
// their access tokens are refused.
func (o *Office) ReloadEnded(ctx context.Context) error { return o.revocations.reload(ctx) }

// RevocationFeed returns a signed list of revoked sessions, for programs that verify JWTs
// themselves. The access tokens of these sessions have not expired, but are no longer valid. The
// text is a JWS. On all servers, feeds with the same contents have the same tag for up to
// timing.FeedAge, although their signatures differ. The reason of its error is BUSY.
func (o *Office) RevocationFeed() (text, tag string, err error) { return o.revocations.signed() }

// genuine returns the contents of a token that was issued to an application, even if the token is
// no longer valid. The reasons of its errors are those of read.
func (o *Office) genuine(
	kind seal.Kind, token secret.Text, application *models.Application, now time.Time,
) (seal.Contents, error) {
	contents, err := o.read(kind, token, now)
	if err != nil {
		return seal.Contents{}, err
	}
	if contents.Application != application.ID {
		return seal.Contents{}, &models.Error{Reason: models.ReasonTokenInvalid}
	}
	return contents, nil
}

// judge returns a models.Error that says why a token of an application is no longer valid; nil if
// it is valid. It does not ask the database. For a refresh token, it does not check whether the
// session has ended.
func (o *Office) judge(contents seal.Contents, application *models.Application, now time.Time) error {
	if hasEnded, err := o.hasEnded(application, contents); err != nil {
		return err
	} else if hasEnded {
		return &models.Error{Reason: models.ReasonApplicationDisabled, Replaceable: true}
	}
	if err := alive(contents, now); err != nil {
		return err
	}

	if contents.Kind != seal.Access {
		return nil
	}
	// If the lifetime was shortened, the new one also applies to older tokens.
	if !now.Before(o.Policy.of(application).accessExpiration(contents.IssuedAt, contents.ExpiresAt)) {
		return &models.Error{Reason: models.ReasonTokenExpired}
	}
	return o.revocations.judge(contents.SessionID)
}

// hasEnded reports whether a token's session ended together with all others of its application. The
// reason of its error is BUSY.
func (o *Office) hasEnded(application *models.Application, contents seal.Contents) (bool, error) {
	return o.Applications.HasEnded(application, contents.ApplicationEpoch, contents.StartedAt)
}

// read returns the contents of a token, even if the token is no longer valid. The reason of its
// error is TOKEN_INVALID, or BUSY if this server may not have the key yet: a client must not
// discard a valid token.
func (o *Office) read(kind seal.Kind, token secret.Text, now time.Time) (seal.Contents, error) {
	contents, err := o.Keys.Open(kind, token)
	switch {
	case o.Keys.MayBeToken(err, now):
		return seal.Contents{}, busy()
	case err != nil:
		return seal.Contents{}, &models.Error{Reason: models.ReasonTokenInvalid}
	}
	return contents, nil
}

// seal turns contents into a token. The reason of its error is BUSY until the keys are loaded.
func (o *Office) seal(contents seal.Contents) (secret.Text, error) {
	token, err := o.Keys.Seal(contents)
	return token, busyUntilLoaded(err)
}

// busyUntilLoaded turns the error for keys that are not loaded yet into BUSY.
func busyUntilLoaded(err error) error {
	if errors.Is(err, seal.ErrNotLoaded) {
		return busy()
	}
	return err
}

func busy() error { return &models.Error{Reason: models.ReasonBusy, RetryAfter: time.Second} }

func isBusy(err error) bool { return errors.Is(err, &models.Error{Reason: models.ReasonBusy}) }

// begin returns a new session for a shopper of an application, at generation 0. It writes nothing.
func (o *Office) begin(
	application *models.Application, userID models.ID, anonymous bool, now time.Time,
) (*models.Session, error) {
	id, err := o.newSessionID(now)
	if err != nil {
		return nil, err
	}

	expiration := o.Policy.of(application).refreshExpiration(anonymous, now, now)
	return &models.Session{
		ID:               id,
		Application:      application.ID,
		ApplicationEpoch: application.Epoch,
		UserID:           userID,
		IsAnonymous:      anonymous,
		StartedAt:        now,
		RefreshedAt:      now,
		ExpiresAt:        expiration,
		PurgeAt:          purgeAt(expiration),
	}, nil
}

// sessionOf returns the session that a refresh token describes, at the token's generation.
func sessionOf(contents seal.Contents) *models.Session {
	return &models.Session{
		ID:               contents.SessionID,
		Application:      contents.Application,
		ApplicationEpoch: contents.ApplicationEpoch,
		UserID:           contents.UserID,
		IsAnonymous:      contents.Anonymous,
		Generation:       contents.Generation,
		StartedAt:        contents.StartedAt,
		RefreshedAt:      contents.IssuedAt,
		ExpiresAt:        contents.ExpiresAt,
		PurgeAt:          purgeAt(contents.ExpiresAt),
	}
}

// unwritten reports whether the session of a token may have no row yet. An anonymous session is
// first written when it is refreshed, claimed or revoked.
func unwritten(contents seal.Contents) bool { return contents.Anonymous && contents.Generation == 0 }

// newSessionID draws an id that grows with time, so that new rows are neighbours in the primary
// key. The first 4 bits are random, so that new rows go to 16 places instead of one busy one. The
// next 44 bits are milliseconds, which last until the year 2527. The other 80 bits are random.
func (o *Office) newSessionID(now time.Time) (models.ID, error) {
	const clock = (1<<44 - 1) << 16
	id, err := o.newID()

	front := binary.BigEndian.Uint64(id[:8])&^clock | uint64(now.UnixMilli())<<16&clock
	binary.BigEndian.PutUint64(id[:8], front)
	return id, err
}

func (o *Office) newID() (models.ID, error) {
	var id models.ID
	if _, err := io.ReadFull(o.Random, id[:]); err != nil {
		return id, fmt.Errorf("draw an id: %w", err)
	}
	return id, nil
}
