package seal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tink-crypto/tink-go/v2/daead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/authtickets/authtickets/secret"
)

// Errors of a master key.
var (
	// ErrMasterKey is returned for a keyset that was encrypted under another master key or for
	// another purpose.
	ErrMasterKey = errors.New("the master key does not open the keyset: it was encrypted under another one")
	// ErrMasterAway is returned if the service that has the master key does not answer. The next
	// try may succeed.
	ErrMasterAway = errors.New("the service that has the master key does not answer")
)

// Master is the master key. It encrypts keysets before they are stored, and authenticates them
// together with their purpose.
type Master struct {
	aead tink.AEADWithContext
	// own is the keyset in a key file. It is nil for a key that never leaves its service.
	own *Keyset
}

// ParseMaster reads a master key from a Tink keyset in JSON, as CreateFile writes it.
func ParseMaster(text secret.Text) (*Master, error) {
	own, err := parse(text)
	if err != nil {
		return nil, err
	}

	primitive, err := daead.New(own.handle)
	if err != nil {
		return nil, ErrNotAKeyset
	}
	return &Master{aead: local{primitive}, own: own}, nil
}

// LoadMaster reads a master key from a file. The file must be private; see ErrReadableByOthers.
func LoadMaster(path string) (*Master, error) {
	text, err := readPrivate(path)
	if err != nil {
		return nil, err
	}

	master, err := ParseMaster(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return master, nil
}

// local encrypts with the keyset in a key file, by AES-SIV. It uses no randomness: the same keyset
// and purpose always give the same bytes.
type local struct{ tink.DeterministicAEAD }

// EncryptWithContext implements tink.AEADWithContext.
func (l local) EncryptWithContext(_ context.Context, plain, associated []byte) ([]byte, error) {
	return l.EncryptDeterministically(plain, associated)
}

// DecryptWithContext implements tink.AEADWithContext.
func (l local) DecryptWithContext(_ context.Context, sealed, associated []byte) ([]byte, error) {
	plain, err := l.DecryptDeterministically(sealed, associated)
	if err != nil {
		return nil, ErrMasterKey
	}
	return plain, nil
}

// Own returns the keyset in the key file, with which earlier versions sealed tokens. It returns nil
// for a key that never leaves its service.
func (m *Master) Own() *Keyset { return m.own }

// Wrap encrypts a keyset and binds it to a purpose. Unwrap needs the same purpose.
func (m *Master) Wrap(ctx context.Context, plain *Keyset, purpose string) ([]byte, error) {
	var text bytes.Buffer
	if err := insecurecleartextkeyset.Write(plain.handle, keyset.NewBinaryWriter(&text)); err != nil {
		return nil, fmt.Errorf("encrypt a keyset: %w", err)
	}

	sealed, err := m.aead.EncryptWithContext(ctx, text.Bytes(), []byte(purpose))
	if err != nil {
		return nil, fmt.Errorf("encrypt a keyset: %w", err)
	}
	return sealed, nil
}

// Unwrap decrypts what Wrap returned. Its errors are ErrMasterKey, ErrMasterAway, ErrNotAKeyset,
// and the refusals of a key management service.
func (m *Master) Unwrap(ctx context.Context, sealed []byte, purpose string) (*Keyset, error) {
	plain, err := m.aead.DecryptWithContext(ctx, sealed, []byte(purpose))
	if err != nil {
		return nil, fmt.Errorf("decrypt a keyset: %w", err)
	}

	handle, err := insecurecleartextkeyset.Read(keyset.NewBinaryReader(bytes.NewReader(plain)))
	if err != nil {
		return nil, fmt.Errorf("decrypt a keyset: %w", ErrNotAKeyset) // the cause could quote the keyset
	}
	return &Keyset{handle}, nil
}

// IsKMS reports whether a setting names a key of a key management service rather than a file.
func IsKMS(name string) bool { return strings.Contains(name, "://") }
