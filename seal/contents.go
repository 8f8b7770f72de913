package seal

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"time"
)

// Kind distinguishes access tokens and refresh tokens, of shoppers and of applications. A token is
// authenticated together with its kind, so that one kind is never accepted as another.
type Kind byte

// The kinds of token. Their numbers are part of every token and never change.
const (
	Access  Kind = 1
	Refresh Kind = 2
	// ApplicationAccess and ApplicationRefresh are the tokens of an application's own ticket.
	ApplicationAccess  Kind = 3
	ApplicationRefresh Kind = 4
)

// isApplications reports whether tokens of this kind belong to an application, and not to a
// shopper.
func (k Kind) isApplications() bool { return k == ApplicationAccess || k == ApplicationRefresh }

// Contents is what a token contains. The token's holder can neither read nor change it.
type Contents struct {
	Kind Kind
	// Application is the id of the application that the token was issued to. It has at most 32
	// bytes, so that a refresh token stays short.
	Application string
	// ApplicationEpoch is the epoch of the application when the session began.
	ApplicationEpoch uint32
	SessionID        [16]byte
	// Generation is how often the session's ticket had been refreshed. It is never negative.
	Generation int64
	// UserID is the shopper's. It is zero in a token of an application.
	UserID [16]byte
	// SecretID tells with which of its secrets an application requested its own ticket. It is zero
	// in a shopper's token.
	SecretID [16]byte
	// Address is where an application requested its own ticket from. It is invalid in a shopper's
	// token.
	Address   netip.Addr
	Anonymous bool
	// Behaviors are the application's behaviors at IssuedAt. They are empty in a refresh token.
	Behaviors []string
	// StartedAt is when the session began. All three instants are exact to the microsecond.
	StartedAt time.Time
	IssuedAt  time.Time
	ExpiresAt time.Time
}

// The version is the first byte of the encoded contents. A new layout gets the next number. An old
// layout must stay readable while refresh tokens with it can be valid.
const (
	// withoutEpoch is for the epoch 0. Earlier releases can read it too.
	withoutEpoch = 1
	// withEpoch has the epoch at its end.
	withEpoch = 2
)

const (
	flagAnonymous = 1
	flagAddress   = 2 // an address follows the ids
)

var errMalformed = errors.New("malformed contents")

// encode writes the version, the kind, the flags, the ids and the address. Then it writes the
// numbers and texts, each as short as possible.
func (c Contents) encode() []byte {
	var flags byte
	if c.Anonymous {
		flags |= flagAnonymous
	}
	if c.Address.IsValid() {
		flags |= flagAddress
	}

	version := byte(withoutEpoch)
	if c.ApplicationEpoch != 0 {
		version = withEpoch
	}

	out := make([]byte, 0, 256)
	out = append(out, version, byte(c.Kind), flags)
	out = append(out, c.SessionID[:]...)
	if c.Kind.isApplications() {
		out = append(out, c.SecretID[:]...)
	} else {
		out = append(out, c.UserID[:]...)
	}
	if c.Address.IsValid() {
		address := c.Address.As16()
		out = append(out, address[:]...)
	}

	out = binary.AppendVarint(out, c.Generation)
	started, issued := c.StartedAt.UnixMicro(), c.IssuedAt.UnixMicro()
	out = binary.AppendVarint(out, started)
	out = binary.AppendVarint(out, issued-started)
	out = binary.AppendVarint(out, c.ExpiresAt.UnixMicro()-issued)

	out = appendText(out, c.Application)
	out = binary.AppendUvarint(out, uint64(len(c.Behaviors)))
	for _, behavior := range c.Behaviors {
		out = appendText(out, behavior)
	}

	if version == withEpoch {
		out = binary.BigEndian.AppendUint32(out, c.ApplicationEpoch)
	}

	return out
}

func appendText(out []byte, text string) []byte {
	return append(binary.AppendUvarint(out, uint64(len(text))), text...)
}

// decode reads what encode has written. It refuses contents that are too short or too long.
func decode(in []byte) (Contents, error) {
	r := reader{rest: in}
	version := r.byte()
	if version != withoutEpoch && version != withEpoch {
		return Contents{}, errMalformed
	}

	c := Contents{Kind: Kind(r.byte())}
	flags := r.byte()
	c.Anonymous = flags&flagAnonymous != 0
	copy(c.SessionID[:], r.bytes(len(c.SessionID)))
	if c.Kind.isApplications() {
		copy(c.SecretID[:], r.bytes(len(c.SecretID)))
	} else {
		copy(c.UserID[:], r.bytes(len(c.UserID)))
	}
	if flags&flagAddress != 0 {
		address, _ := netip.AddrFromSlice(r.bytes(16))
		c.Address = address.Unmap()
	}

	c.Generation = r.number()
	started := r.number()
	issued := started + r.number()
	expires := issued + r.number()
	c.StartedAt = time.UnixMicro(started).UTC()
	c.IssuedAt = time.UnixMicro(issued).UTC()
	c.ExpiresAt = time.UnixMicro(expires).UTC()

	c.Application = string(r.text())
	for range r.count() {
		c.Behaviors = append(c.Behaviors, string(r.text()))
	}
	if version == withEpoch {
		c.ApplicationEpoch = r.epoch()
	}

	if r.failed || len(r.rest) > 0 {
		return Contents{}, errMalformed
	}

	return c, nil
}

// reader takes fields off the front of rest. When a field is missing or malformed, it sets failed.
// Then nothing that it returns has a meaning.
type reader struct {
	rest   []byte
	failed bool
}

func (r *reader) bytes(n int) []byte {
	if r.failed || n < 0 || n > len(r.rest) {
		r.failed = true
		return nil
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *reader) byte() byte {
	if b := r.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

// epoch reads an epoch. It refuses 0, because encode writes the version without an epoch for 0.
func (r *reader) epoch() uint32 {
	bytes := r.bytes(4)
	if len(bytes) == 0 || binary.BigEndian.Uint32(bytes) == 0 {
		r.failed = true
		return 0
	}
	return binary.BigEndian.Uint32(bytes)
}

func (r *reader) number() int64 {
	number, n := binary.Varint(r.rest)
	if n <= 0 {
		r.failed = true
		return 0
	}
	r.rest = r.rest[n:]
	return number
}

// count reads how many bytes or texts follow. It refuses more than there are bytes left.
func (r *reader) count() int {
	number, n := binary.Uvarint(r.rest)
	if n <= 0 || number > uint64(len(r.rest)-n) { //nolint:gosec // not negative
		r.failed = true
		return 0
	}
	r.rest = r.rest[n:]
	return int(number) //nolint:gosec // at most len(rest)
}

func (r *reader) text() []byte { return r.bytes(r.count()) }
