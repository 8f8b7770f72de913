package program_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/storage/storagetest"
)

// unreachable is a database that nobody serves. The keys are checked first.
const unreachable = "AUTHTICKETS_DATABASE=u:p@tcp(127.0.0.1:1)/x"

// keyset returns a Tink keyset with one key of a type.
func keyset(keyType string, key []byte) string {
	value := append([]byte{0x12, byte(len(key))}, key...)
	return fmt.Sprintf(
		`{"primaryKeyId":7,"key":[{"keyData":{`+
			`"typeUrl":"type.googleapis.com/google.crypto.tink.%s","value":%q,"keyMaterialType":"SYMMETRIC"},`+
			`"status":"ENABLED","keyId":7,"outputPrefixType":"TINK"}]}`,
		keyType,
		base64.StdEncoding.EncodeToString(value),
	)
}

// material returns random bytes for a key.
func material(length int) []byte {
	key := make([]byte, length)
	_, _ = rand.Read(key)
	return key
}

// pattern returns bytes for a key that no generator would make.
func pattern() []byte {
	key := make([]byte, 64)
	for i := range key {
		key[i] = byte(i)
	}
	return key
}

// A server does not start with keys that protect nothing. It says what is wrong and how to make
// valid keys, but does not repeat what it read.
func TestBadKeys(t *testing.T) {
	t.Parallel()

	good := keyset("AesSivKey", material(64))
	const repeated = "marker5b7f2c"
	contents := map[string]string{
		"empty":             "",
		"not JSON":          repeated,
		"not a keyset":      `{"` + repeated + `":"` + repeated + `"}`,
		"cut off":           good[:len(good)-40],
		"disabled":          strings.Replace(good, "ENABLED", "DISABLED", 1),
		"no primary":        strings.Replace(good, `"primaryKeyId":7`, `"primaryKeyId":8`, 1),
		"short":             keyset("AesSivKey", material(32)),
		"zeros":             keyset("AesSivKey", make([]byte, 64)),
		"counts up":         keyset("AesSivKey", pattern()),
		"typed by somebody": keyset("AesSivKey", bytes.Repeat([]byte("changeme"), 8)),
		"of another kind":   keyset("AesGcmKey", material(32)),
		"one weak": strings.Replace(
			good,
			`"key":[`,
			`"key":[`+strings.TrimSuffix(
				strings.TrimPrefix(
					strings.ReplaceAll(keyset("AesSivKey", make([]byte, 64)), `"keyId":7`, `"keyId":9`),
					`{"primaryKeyId":7,"key":[`,
				),
				`]}`,
			)+`,`,
			1,
		),
	}

	folder := t.TempDir()
	check := func(name, content string, variables ...string) {
		t.Helper()
		code, stdout, stderr := run(t, folder, append(variables, unreachable), "serve", "--listen=127.0.0.1:0")
		if code != 1 || !strings.Contains(stderr, "authtickets keys create") && !strings.Contains(stderr, "chmod 600") {
			t.Errorf("%s: exit code %d: %s", name, code, stderr)
		}

		isPunctuation := func(r rune) bool { return strings.ContainsRune(`{}[]":,`, r) }
		for _, words := range strings.FieldsFunc(content, isPunctuation) {
			if len(words) > 7 && strings.Contains(stdout+stderr, words) {
				t.Errorf("%s: the keyset's %q is shown: %s", name, words, stderr)
			}
		}
	}

	for name, content := range contents {
		file := filepath.Join(folder, strings.ReplaceAll(name, " ", "-"))
		must(t, os.WriteFile(file, []byte(content), 0o600))
		check(name, content, "AUTHTICKETS_KEYS="+file)
		if name == "not a keyset" || name == "zeros" {
			check(name+", in the variable", content, "AUTHTICKETS_KEYSET="+content)
		}
	}

	check("missing", "", "AUTHTICKETS_KEYS="+filepath.Join(folder, "nothing"))
	check("missing, by default", "")
	check("a folder", "", "AUTHTICKETS_KEYS="+folder)

	for _, mode := range []os.FileMode{0o644, 0o640, 0o602} {
		file := filepath.Join(folder, fmt.Sprintf("mode-%o", mode))
		must(t, os.WriteFile(file, []byte(good), 0o600))
		must(t, os.Chmod(file, mode))
		check("mode "+mode.String(), good, "AUTHTICKETS_KEYS="+file)
	}
}

// A keyset in the variable works like the same keyset in a file, and replaces the one in the data
// folder.
func TestKeysetInVariable(t *testing.T) {
	t.Parallel()

	s := newSite(t, storagetest.SQLite(t))
	text, err := os.ReadFile(s.keys)
	must(t, err)
	fromFile := s.start()
	data := t.TempDir()
	must(t, seal.CreateFile(filepath.Join(data, "keys.json")))
	p := launch(
		t,
		s.folder,
		[]string{"AUTHTICKETS_DATABASE=" + s.url, "AUTHTICKETS_KEYSET=" + string(text), "AUTHTICKETS_DATA=" + data},
		"serve",
		"--listen=127.0.0.1:0",
	)

	fromVariable := serving(p)
	fromFile.refresh(fromVariable.refresh(fromFile.anonymous().RefreshToken).RefreshToken)
}

// A key file is readable only by its owner, and is never overwritten.
func TestCreateKeys(t *testing.T) {
	t.Parallel()

	folder := t.TempDir()
	file := filepath.Join(folder, "keys.json")
	code, stdout, stderr := run(t, folder, nil, "keys", "create", file)
	if code != 0 || !strings.Contains(stdout, file) {
		t.Fatalf("exit code %d: %s%s", code, stdout, stderr)
	}

	info, err := os.Stat(file)
	must(t, err)
	if info.Mode() != 0o600 {
		t.Errorf("the mode is %v", info.Mode())
	}

	before, err := os.ReadFile(file)
	must(t, err)
	for word := range strings.SplitSeq(string(before), `"`) {
		if len(word) > 32 && strings.Contains(stdout+stderr, word) && !strings.Contains(word, "googleapis") {
			t.Error("the key is shown")
		}
	}

	code, _, stderr = run(t, folder, nil, "keys", "create", file)
	if code != 1 || !strings.Contains(stderr, "exists") {
		t.Errorf("a second time: exit code %d: %s", code, stderr)
	}

	after, err := os.ReadFile(file)
	must(t, err)
	if string(after) != string(before) {
		t.Error("the keys were overwritten")
	}

	files, err := os.ReadDir(folder)
	if err != nil || len(files) != 1 {
		t.Errorf("left behind: %v %v", files, err)
	}
	if code, _, stderr := run(t, folder, nil, "keys", "create", filepath.Join(file, "keys.json")); code != 1 {
		t.Errorf("below a file: exit code %d: %s", code, stderr)
	}

	s := newSite(t, storagetest.SQLite(t))
	s.keys = file
	s.start().anonymous()
}
