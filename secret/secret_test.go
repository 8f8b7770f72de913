package secret_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/secret"
)

const plain = "correct horse battery staple"

func TestTextNeverPrints(t *testing.T) {
	t.Parallel()

	held := struct {
		Password   secret.Text
		unexported secret.Text
		Nested     map[string]*secret.Text
	}{secret.New(plain), secret.New(plain), map[string]*secret.Text{"p": new(secret.New(plain))}}

	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%t", "%p"} {
		fmt.Fprintf(&out, verb+"\n", secret.New(plain))
		fmt.Fprintf(&out, verb+"\n", held)
	}

	fmt.Fprintln(&out, secret.New(plain), secret.New(plain).String(), held)
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
		slog.New(handler).Info("x", "secret", secret.New(plain), "held", held, slog.Group("g", "s", secret.New(plain)))
	}

	asJSON, err := json.Marshal(held)
	if err != nil {
		t.Fatal(err)
	}

	out.Write(asJSON)
	asXML, err := xml.Marshal(secret.New(plain))
	if err != nil {
		t.Fatal(err)
	}

	out.Write(asXML)

	for _, shown := range []string{plain, "horse", fmt.Sprintf("%x", plain), fmt.Sprintf("%X", plain)} {
		if strings.Contains(out.String(), shown) {
			t.Errorf("%q is shown in:\n%s", shown, out.String())
		}
	}

	if !strings.Contains(out.String(), "[redacted]") {
		t.Error("nothing was printed at all")
	}
}

func TestTextReadsFromJSON(t *testing.T) {
	t.Parallel()
	var text secret.Text
	if err := json.Unmarshal([]byte(`"correct horse battery staple"`), &text); err != nil || text.Reveal() != plain {
		t.Errorf("decoded %d characters, error %v", len(text.Reveal()), err)
	}
}
