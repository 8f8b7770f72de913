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

// Errors of loading keys. Their texts never hold any of a key.
var (
	// ErrWeakKeys: the keyset has a key that is not AES-SIV with 64 bytes, or is visibly not random.
	ErrWeakKeys = errors.New("the keyset has a weak key")
	// ErrNotAKeyset: the text is no Tink keyset in JSON.
	ErrNotAKeyset = errors.New("not a keyset")
	// ErrReadableByOthers: the key file can be read or written by others than its owner.
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

// strong reports whether the key has 64 bytes of which at least 32 differ, that neither count up or down nor say the same twice. Random bytes always pass: fewer than 32
// different ones among 64 happen less than once in 10^18 keys, while typed and example keys repeat themselves.
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
	isGiven := isRoots(info) && os.Geteuid() != 0
	if runtime.GOOS != "windows" && !isPrivate(uint32(info.Mode().Perm()), isGiven, isContained(path)) {
		return secret.Text{}, fmt.Errorf("%s: %w", path, ErrReadableByOthers)
	}
	text, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return secret.Text{}, fmt.Errorf("key file: %w", err)
	}
	return secret.New(string(text)), nil
}

// isPrivate reports whether only the intended users can read the key file.
//
// Platforms mount secrets with modes of their own. A file of root's that a group may read is for
// the one server that runs in this group: 0440, as Kubernetes mounts it with fsGroup. A file in the
// memory of a container is for that container alone: 0444, as Docker Swarm mounts it.
func isPrivate(mode uint32, isGiven, isContained bool) bool {
	const others, groupReads, everybodyReads = 0o077, 0o040, 0o044
	switch mode & others {
	case 0:
		return true
	case groupReads:
		return isGiven || isContained
	case everybodyReads:
		return isContained
	default:
		return false
	}
}

// CreateFile writes a new keyset with one random key to a file of mode 0600. It returns an error that is fs.ErrExist when the file exists: a keyset
// is never overwritten, because with it every ticket would be lost.
//
// The file is written under another name and then linked into place, so that of several processes that start at
// once exactly one makes the keyset, and none reads half of one.
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
	defer os.Remove(draft.Name()) //nolint:errcheck // a draft left behind does no harm
	_, err = draft.Write(append(text.Bytes(), '\n'))
	if err := errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	if err := os.Link(draft.Name(), path); err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	return nil
}
