package seal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/tink-crypto/tink-go/v2/daead"
	"github.com/tink-crypto/tink-go/v2/daead/aessiv"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/authtickets/authtickets/secret"
)

// Errors of loading keys. Their texts never contain any part of a key.
var (
	// ErrWeakKeys is returned for a keyset with a key that is not AES-SIV with 64 bytes, or that
	// does not look random.
	ErrWeakKeys = errors.New("the keyset has a weak key")
	// ErrNotAKeyset is returned for a text that is not a Tink keyset in JSON.
	ErrNotAKeyset = errors.New("not a keyset")
	// ErrReadableByOthers is returned for a key file that others than its owner can read or write.
	ErrReadableByOthers = errors.New("the key file can be read by others; make it private with chmod 600")
)

// parse reads a Tink keyset in JSON, as CreateFile writes it.
func parse(text secret.Text) (*Keyset, error) {
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(strings.NewReader(text.Reveal())))
	if err != nil {
		return nil, ErrNotAKeyset // the cause could quote the keyset
	}

	for i := range handle.Len() {
		entry, err := handle.Entry(i)
		if err != nil {
			return nil, ErrNotAKeyset
		}
		if key, ok := entry.Key().(*aessiv.Key); !ok || !strong(key) {
			return nil, ErrWeakKeys
		}
	}

	if _, err := daead.New(handle); err != nil {
		return nil, ErrNotAKeyset
	}

	return &Keyset{handle}, nil
}

// strong reports whether a key looks random. It must have 64 bytes with at least 32 different
// values, its halves must differ, and it must not count in equal steps.
//
// Random keys practically always pass: fewer than one in 10^18 has fewer than 32 different bytes.
// Typed keys and example keys repeat their bytes.
func strong(key *aessiv.Key) bool {
	material := key.KeyBytes().Data(insecuresecretdataaccess.Token{})
	if len(material) != 64 || bytes.Equal(material[:32], material[32:]) {
		return false
	}

	different, steps := map[byte]bool{}, map[byte]bool{}
	for i, b := range material {
		different[b] = true
		if i > 0 {
			steps[b-material[i-1]] = true
		}
	}
	return len(different) >= 32 && len(steps) > 1
}

// readPrivate reads a file that no other user of the machine may read.
func readPrivate(path string) (secret.Text, error) {
	info, err := os.Stat(path)
	if err != nil {
		return secret.Text{}, fmt.Errorf("key file: %w", err)
	}

	place := placement{
		isGivenByRoot: belongsToRoot(info) && os.Geteuid() != 0,
		isInContainer: isInContainerMemory(path),
	}
	if runtime.GOOS != "windows" && !place.isPrivate(uint32(info.Mode().Perm())) {
		return secret.Text{}, fmt.Errorf("%s: %w", path, ErrReadableByOthers)
	}

	text, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return secret.Text{}, fmt.Errorf("key file: %w", err)
	}

	return secret.New(string(text)), nil
}

// placement says how a platform has made a key file available.
type placement struct {
	// isGivenByRoot is true if the file belongs to root, and this process does not run as root.
	isGivenByRoot bool
	// isInContainer is true if the file is in the memory of a container.
	isInContainer bool
}

// isPrivate reports whether only the intended users can read a key file of this mode.
//
// Platforms mount secrets with modes of their own. Kubernetes with fsGroup mounts a file of root
// with mode 0440. Its group is for one server only. Docker Swarm mounts a file with mode 0444 into
// the memory of a container. It is for that container only.
func (p placement) isPrivate(mode uint32) bool {
	const others, groupReads, everybodyReads = 0o077, 0o040, 0o044

	switch mode & others {
	case 0:
		return true
	case groupReads:
		return p.isGivenByRoot || p.isInContainer
	case everybodyReads:
		return p.isInContainer
	default:
		return false
	}
}

// CreateFile writes a new keyset with one random key to a file of mode 0600. If the file exists,
// the error is fs.ErrExist. It never overwrites a keyset, because every ticket would be lost.
//
// CreateFile first writes a draft under another name, and then links it to path. So if several
// processes start at once, exactly one creates the keyset, and none reads half of it.
func CreateFile(path string) error {
	made, err := NewSealKeyset()
	if err != nil {
		return err
	}

	var text bytes.Buffer
	if err := insecurecleartextkeyset.Write(made.handle, keyset.NewJSONWriter(&text)); err != nil {
		return fmt.Errorf("make a key: %w", err)
	}

	draft, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // CreateTemp gives mode 0600
	if err != nil {
		return fmt.Errorf("key file: %w", err)
	}

	defer os.Remove(draft.Name()) //nolint:errcheck // a leftover draft does no harm
	_, err = draft.Write(append(text.Bytes(), '\n'))
	if err := errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return fmt.Errorf("key file: %w", err)
	}

	if err := os.Link(draft.Name(), path); err != nil {
		return fmt.Errorf("key file: %w", err)
	}

	return nil
}
