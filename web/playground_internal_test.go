package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/command"
	"github.com/authtickets/authtickets/gqlhttp"
	"github.com/authtickets/authtickets/graph"
	"github.com/authtickets/authtickets/test/testkit"
	"github.com/authtickets/authtickets/tickets"
)

// Everything that the page loads comes from this server and has the right type.
func TestPlaygroundLoadsOnlyItsOwn(t *testing.T) {
	t.Parallel()

	page := askPlayground(t, http.MethodGet, "/", nil)
	if got, want := page.Header.Get("Content-Type"), "text/html; charset=utf-8"; got != want {
		t.Errorf("Content-Type of the page = %q, want %q", got, want)
	}
	html := contentOf(t, page)
	references := regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(html, -1)
	if len(references) < 7 {
		t.Fatalf("the page refers to only %d files", len(references))
	}
	types := map[string]string{
		".js":  "text/javascript; charset=utf-8",
		".css": "text/css; charset=utf-8",
		".svg": "image/svg+xml",
		".txt": "text/plain; charset=utf-8",
	}
	for _, reference := range references {
		asset := askPlayground(t, http.MethodGet, "/"+reference[1], nil)
		if asset.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", reference[1], asset.StatusCode)
		}
		if got, want := asset.Header.Get("Content-Type"), types[path.Ext(reference[1])]; got != want {
			t.Errorf("%s: Content-Type = %q, want %q", reference[1], got, want)
		}
	}

	script := strings.Join(slices.Collect(maps.Values(playgroundScripts(t))), "\n")
	style := contentOf(t, askPlayground(t, http.MethodGet, "/playground/style.css", nil))
	host := regexp.MustCompile(`(?i)(https?:|wss?:)?//[a-z0-9]`)
	if outside := host.FindString(html + script + style); outside != "" {
		t.Errorf("the playground names another host: %q", outside)
	}
	inlined := regexp.MustCompile(`<script(>| [^>]*[^"]>)[^<]|<style|\son\w+=|\sstyle=`)
	if inline := inlined.FindString(html); inline != "" {
		t.Errorf("the page has inline script or style: %q", inline)
	}
}

// playgroundScripts returns the page's own scripts by name: app.js and all that it imports.
func playgroundScripts(t *testing.T) map[string]string {
	t.Helper()
	imports := regexp.MustCompile(`from "\./([^"]*)"`)
	scripts := map[string]string{}
	for left := []string{"app.js"}; len(left) > 0; left = left[1:] {
		name := left[0]
		if _, isKnown := scripts[name]; isKnown {
			continue
		}
		asset := askPlayground(t, http.MethodGet, "/playground/"+name, nil)
		if asset.StatusCode != http.StatusOK || asset.Header.Get("Content-Type") != javascript {
			t.Fatalf("%s: status %d, %q", name, asset.StatusCode, asset.Header.Get("Content-Type"))
		}
		scripts[name] = contentOf(t, asset)
		for _, imported := range imports.FindAllStringSubmatch(scripts[name], -1) {
			left = append(left, imported[1])
		}
	}
	return scripts
}

// The page loads every script that is embedded.
func TestPlaygroundScriptsAreAllUsed(t *testing.T) {
	t.Parallel()

	files, err := playgroundModules.ReadDir("playground")
	if err != nil {
		t.Fatal(err)
	}
	var embedded []string
	for _, file := range files {
		embedded = append(embedded, file.Name())
	}
	used := slices.Sorted(maps.Keys(playgroundScripts(t)))
	if diff := cmp.Diff(used, embedded); diff != "" {
		t.Errorf("scripts (-used +embedded):\n%s", diff)
	}
}

// A browser fetches less than 1.5 MB for the page, compressed.
func TestPlaygroundIsSmall(t *testing.T) {
	t.Parallel()

	const most = 1_500_000
	names := []string{
		"graphiql.min.js", "graphiql.min.css", "react.production.min.js", "react-dom.production.min.js",
		"style.css", "icon.svg", "guide.json",
	}
	size := compressedSize(t, contentOf(t, askPlayground(t, http.MethodGet, "/", nil)))
	for _, name := range slices.AppendSeq(names, maps.Keys(playgroundScripts(t))) {
		size += compressedSize(t, contentOf(t, askPlayground(t, http.MethodGet, "/playground/"+name, nil)))
	}
	if size > most || size < most/10 {
		t.Errorf("the page has %d bytes, compressed, and may have %d", size, most)
	}
}

func compressedSize(t *testing.T, content string) int {
	t.Helper()
	var compressed bytes.Buffer
	writer := gzip.NewWriter(&compressed)
	_, err := io.WriteString(writer, content)
	if err := errors.Join(err, writer.Close()); err != nil {
		t.Fatal(err)
	}
	return compressed.Len()
}

// The files of other projects have the checksums that gqlgen v0.17.98 pins in its playground.
func TestPlaygroundServesThePinnedFiles(t *testing.T) {
	t.Parallel()

	for name, want := range map[string]string{
		"graphiql.min.js":             "hnImuor1znlJkD/FOTL3jayfS/xsyNoP04abi8bFJWs=",
		"graphiql.min.css":            "MEh+B2NdMSpj9kexQNN3QKc8UzMrCXW/Sx/phcpuyIU=",
		"react.production.min.js":     "S0lp+k7zWUMk2ixteM6HZvu8L9Eh//OVrt+ZfbCpmgY=",
		"react-dom.production.min.js": "IXWO0ITNDjfnNXIu5POVfqlgYoop36bDzhodR6LW5Pc=",
	} {
		sum := sha256.Sum256([]byte(contentOf(t, askPlayground(t, http.MethodGet, "/playground/"+name, nil))))
		if got := base64.StdEncoding.EncodeToString(sum[:]); got != want {
			t.Errorf("%s: sha256 = %s, want %s", name, got, want)
		}
	}
}

// Every tab has a valid operation. The name of the operation is the title of the tab.
func TestPlaygroundTabsFitTheSchema(t *testing.T) {
	t.Parallel()

	source, err := os.ReadFile("../schema.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphqls", Input: string(source)})
	if err != nil {
		t.Fatal(err)
	}
	var titles []string
	script := contentOf(t, askPlayground(t, http.MethodGet, "/playground/tabs.js", nil))
	for _, query := range regexp.MustCompile("query: `([^`]*)`").FindAllStringSubmatch(script, -1) {
		document, errs := gqlparser.LoadQueryWithRules(schema, query[1], nil)
		if errs != nil {
			t.Errorf("%v in\n%s", errs, query[1])
			continue
		}
		for _, operation := range document.Operations {
			titles = append(titles, operation.Name)
		}
	}
	want := []string{
		"AnonymousTicket", "SignIn", "Refresh", "CurrentShopper", "Sessions", "EndSession", "FailsOnPurpose", "SignOut",
	}
	if diff := cmp.Diff(want, titles); diff != "" {
		t.Errorf("tabs (-want +got):\n%s", diff)
	}
}

func askPlayground(t *testing.T, method, target string, header http.Header) *http.Response {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(""))
	if header != nil {
		request.Header = header
	}
	recorder := httptest.NewRecorder()
	playground(newGuide(playgroundSettings(t))).ServeHTTP(recorder, request)
	return recorder.Result()
}

func playgroundSettings(t *testing.T) Settings {
	t.Helper()
	return Settings{Settings: gqlhttp.Settings{
		Schema:        graph.NewSchema(&graph.Resolver{}, false),
		Introspection: true,
		Office: &tickets.Office{
			Policy:       testkit.Defaults[command.TicketSettings](t).Policy(),
			Applications: &applications.Directory{},
		},
	}}
}

func contentOf(t *testing.T, response *http.Response) string {
	t.Helper()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
