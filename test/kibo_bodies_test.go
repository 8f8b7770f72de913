package test_test

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/authtickets/authtickets/kibo"
	"github.com/authtickets/authtickets/models"
)

// serve passes an attempt to the handler, without a network. The URL of the attempt is the path.
func (k *kiboShop) serve(a attempt) rest {
	k.t.Helper()
	a = a.with(k.app...)
	var body io.Reader = strings.NewReader(a.body)
	if a.stream != nil {
		body = a.stream
	}
	request := httptest.NewRequestWithContext(k.t.Context(), cmp.Or(a.method, http.MethodPost), a.url, body)
	if a.stream != nil {
		request.ContentLength = cmp.Or(a.length, -1)
	}
	for i := 0; i < len(a.headers); i += 2 {
		request.Header.Add(a.headers[i], a.headers[i+1])
	}

	recorder := httptest.NewRecorder()
	k.handler.ServeHTTP(recorder, request)
	got := rest{Status: recorder.Code, Header: recorder.Header(), Text: recorder.Body.String()}
	k.check(request, &got)
	return got
}

// refusesBody fails unless the body of an attempt is refused with a status, on each path that reads
// one, before anything decides about it.
func (k *kiboShop) refusesBody(name string, status int, a func() attempt) {
	k.t.Helper()
	for path, method := range map[string]string{
		shopperPath: http.MethodPost, refreshPath: http.MethodPut,
		oauthPath: http.MethodPost, applicationPath: http.MethodPost, renewPath: http.MethodPut,
	} {
		sent := a()
		sent.method, sent.url = method, path
		got := k.serve(sent)
		k.wants(name+" to "+path, got, status, "")
		if got.ErrorCode != "MISSING_OR_INVALID_PARAMETER" {
			k.t.Errorf("%s to %s: %s", name, path, got.Text)
		}
	}
}

const kiboBody = `{"username":"ada","password":"` + marker + `","refreshToken":"` + marker +
	`","client_secret":"` + marker + `","sharedSecret":"` + marker + `"}`

func TestKiboBrokenBodies(t *testing.T) {
	t.Parallel()

	k := open(t, sqlite(t)).kibo()
	whole := kiboBody
	bodies := []string{
		" ", "null", "1", "true", `"` + marker + `"`, "[]", "[" + whole + "]", "[null]", "{", "}", marker,
		whole + marker, whole + whole, whole + ",", whole + "]", whole + "\x00", "\xef\xbb\xbf" + whole, "\x00" + whole,
		strings.ReplaceAll(whole, marker, marker+"\xff"), strings.ReplaceAll(whole, marker, marker+`\ud800`),
		strings.ReplaceAll(whole, marker, marker+"\n"), strings.ReplaceAll(whole, marker, marker+`\q`),
		strings.ReplaceAll(whole, `"`, `'`), "// " + marker + "\n" + whole,
		strings.Replace(whole, "{", `{"a":"`+marker+`","a":1,`, 1),
		strings.Replace(whole, "{", `{"a":{"b":1,"\u0062":"`+marker+`"},`, 1),
		strings.ReplaceAll(whole, `"`+marker+`"`, `{"a":"`+marker+`"}`),
		strings.ReplaceAll(whole, `"`+marker+`"`, `["`+marker+`"]`), strings.ReplaceAll(whole, `"`+marker+`"`, "5"),
		strings.ReplaceAll(whole, `"`+marker+`"`, "true"),
		`{"a":` + strings.Repeat("[", 4000), strings.Repeat(`{"a":`, 1000),
	}
	for end := 1; end < len(whole); end += 9 {
		bodies = append(bodies, whole[:end])
	}
	for _, body := range bodies {
		k.refusesBody(body, http.StatusBadRequest, func() attempt { return attempt{body: body} })
	}

	k.refusesBody("cut off", http.StatusBadRequest, func() attempt {
		return attempt{stream: io.MultiReader(strings.NewReader(whole[:50]), iotest.ErrReader(io.ErrUnexpectedEOF))}
	})
	got := k.serve(attempt{url: shopperPath, body: `{"Username":"ada","PASSWORD":"x","username":"` + marker + `"}`})
	k.wants("names in another case", got, http.StatusBadRequest, string(models.ReasonPasswordInvalid))
	deep := `{"a":` + strings.Repeat("[", 3000) + strings.Repeat("]", 3000) + `}`
	got = k.serve(attempt{url: shopperPath, body: deep})
	k.wants("deep", got, http.StatusBadRequest, string(models.ReasonUsernameInvalid))
}

func TestKiboLargeBodies(t *testing.T) {
	t.Parallel()

	k := open(t, sqlite(t)).kibo()
	k.customer("ada")
	const limit = 12 << 10
	large := kiboBody + strings.Repeat(" ", limit+1-len(kiboBody))
	k.refusesBody("length", http.StatusRequestEntityTooLarge, func() attempt { return attempt{body: large} })

	var endless, declared []*measured // one for each path
	k.refusesBody("chunks", http.StatusRequestEntityTooLarge, func() attempt {
		stream := &measured{Reader: strings.NewReader(strings.Repeat(" ", 10<<20))}
		endless = append(endless, stream)
		return attempt{stream: stream}
	})
	k.refusesBody("declared", http.StatusRequestEntityTooLarge, func() attempt {
		stream := &measured{Reader: strings.NewReader(large)}
		declared = append(declared, stream)
		return attempt{stream: stream, length: limit + 1}
	})
	for _, stream := range endless {
		if stream.read == 0 || stream.read > limit+1 {
			t.Errorf("%d bytes are read", stream.read)
		}
	}
	for _, stream := range declared {
		if stream.read > 0 {
			t.Errorf("%d bytes of a body with a declared length are read", stream.read)
		}
	}
	got := k.serve(attempt{url: shopperPath, body: large})
	if got.Header.Get("Connection") != "close" {
		t.Errorf("the connection stays open: %v", got.Header)
	}

	// The longest name and password fit, even if each character is escaped.
	body := `{"username":"` + strings.Repeat(`\ud801\udc28`, 254) +
		`","password":"` + strings.Repeat(`\u00e9`, 512) + `"}`
	got = k.serve(attempt{url: shopperPath, body: body})
	k.wants("the longest", got, http.StatusBadRequest, string(models.ReasonInvalidCredentials))
}

// A shorter --body-limit holds, too.
func TestKiboBodyLimit(t *testing.T) {
	t.Parallel()

	const limit = 1 << 10
	k := open(t, sqlite(t)).kibo(func(s *kibo.Settings) { s.BodyLimit = limit })
	fits := kiboBody + strings.Repeat(" ", limit-len(kiboBody))
	for body, reason := range map[string]string{fits: "INVALID_CREDENTIALS", fits + " ": ""} {
		got := k.call(http.MethodPost, shopperPath, body, k.app...)
		if (got.Status == http.StatusRequestEntityTooLarge) != (reason == "") || got.data("reason") != reason {
			t.Errorf("%d bytes: %d %s", len(body), got.Status, got.Text)
		}
	}
}

func TestKiboContentTypes(t *testing.T) {
	t.Parallel()

	k := open(t, sqlite(t)).kibo()
	k.customer("ada")
	for _, contentType := range []string{
		"", "text/plain", "text/plain; a=application/json", "application/x-www-form-urlencoded",
		"multipart/form-data; boundary=x", "application/json; charset=utf-16", "application/json; charset=",
		"application/json, text/plain", "text/json", "application/jsonp", ";", "*/*", marker,
	} {
		k.refusesBody(contentType, http.StatusUnsupportedMediaType, func() attempt {
			return attempt{body: kiboBody, headers: []string{"Content-Type", contentType}}
		})
	}
	k.refusesBody("two of them", http.StatusUnsupportedMediaType, func() attempt {
		return attempt{body: kiboBody}.with("Content-Type", jsonType)
	})

	var zipped bytes.Buffer
	writer := gzip.NewWriter(&zipped)
	must(t, errOf(io.WriteString(writer, kiboBody)))
	must(t, writer.Close())
	for _, encoding := range []string{"gzip", "GZIP", "deflate", "br", "identity, gzip", marker} {
		k.refusesBody(encoding, http.StatusUnsupportedMediaType, func() attempt {
			return attempt{body: zipped.String()}.with("Content-Encoding", encoding)
		})
	}

	right := jsonOf(t, map[string]any{"username": "ada", "password": rightPassword})
	for _, contentType := range []string{
		jsonType, "Application/JSON", "application/json; charset=UTF-8", `application/json;charset="utf-8"`,
	} {
		got := k.serve(attempt{url: shopperPath, body: right, headers: []string{"Content-Type", contentType}})
		k.wants(contentType, got, http.StatusOK, "")
	}
	got := k.serve(attempt{url: shopperPath, body: right}.with("Content-Encoding", "identity"))
	k.wants("identity", got, http.StatusOK, "")
}

// Names and passwords that could be anything else are an unknown name or a wrong password.
func TestKiboStrangeCredentials(t *testing.T) {
	t.Parallel()

	onEachKibo(t, func(t *testing.T, k *kiboShop) {
		k.customer("ada")
		for _, name := range []string{
			"' OR 1=1 --", "%", "_da", "ad*", "${jndi:ldap://x}", "ADA@EXAMPLE.COM.", "ada@",
		} {
			got := k.trySigningIn(name, rightPassword, "198.51.100.1", nil)
			k.wants(name, got, http.StatusBadRequest, "INVALID_CREDENTIALS")
		}
		for _, name := range []string{
			"ada\x00", "ada\r\nx", "\x1b[31mada", "ada\u202e", "a\u200bda", strings.Repeat("a", 255), " ",
		} {
			got := k.trySigningIn(name, rightPassword, "198.51.100.1", nil)
			k.wants(name, got, http.StatusBadRequest, "USERNAME_INVALID")
		}
		for _, plain := range []string{rightPassword + " ", rightPassword + "\x00", rightPassword[:27], "", "\u0000"} {
			got := k.trySigningIn("ada", plain, "198.51.100.77", nil)
			if got.Status != http.StatusBadRequest {
				t.Errorf("%q: %d %s", plain, got.Status, got.Text)
			}
		}
		for _, name := range []string{"ada", "ADA", "Ada@example.com"} {
			k.ticket(k.trySigningIn(name, rightPassword, "198.51.100.1", nil))
		}
		if strings.Contains(k.log.String(), "jndi") || strings.Contains(k.log.String(), "\x1b") {
			t.Error("the log repeats a name")
		}
	})
}
