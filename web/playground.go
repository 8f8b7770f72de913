package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Files of other projects are embedded in the compressed form in which they are sent. So they take
// 0.67 MB instead of 1.6 MB. See playground/README.md.
var (
	//go:embed playground/index.html
	playgroundPage []byte
	//go:embed playground/*.js
	playgroundModules embed.FS
	//go:embed playground/style.css
	playgroundStyle []byte
	//go:embed playground/icon.svg
	playgroundIcon []byte
	//go:embed playground/graphiql.min.js.gz
	graphiqlScript []byte
	//go:embed playground/graphiql.min.css.gz
	graphiqlStyle []byte
	//go:embed playground/react.production.min.js.gz
	reactScript []byte
	//go:embed playground/react-dom.production.min.js.gz
	reactDOMScript []byte
	//go:embed playground/licences.txt.gz
	playgroundLicences []byte
)

// playgroundPolicy lets the page load files from this handler and call this origin, and nothing
// else. The hash allows one inline style. GraphiQL adds it to keep the page from scrolling under an
// open dialog or menu.
const playgroundPolicy = "default-src 'none'; " +
	"script-src 'self'; " +
	"style-src 'self' 'sha256-nzTgYzXYDNe6BAHiiI7NNlfK8n/auuOAhh2t92YvuXo='; " +
	"connect-src 'self'; " +
	"img-src 'self' data:; " +
	"font-src 'self' data:; " +
	"base-uri 'none'; " +
	"form-action 'none'; " +
	"frame-ancestors 'none'"

const javascript = "text/javascript; charset=utf-8"

// playground serves the GraphQL playground. The page is at /, and its files are under /playground/.
// The page loads nothing from other hosts, so it works offline. It sends its operations to
// /graphql.
func playground(guide http.Handler) http.Handler {
	const (
		html = "text/html; charset=utf-8"
		css  = "text/css; charset=utf-8"
		text = "text/plain; charset=utf-8"
	)

	mux := http.NewServeMux()
	mux.Handle("GET /{$}", plainAsset(html, playgroundPage))
	mux.HandleFunc("GET /playground/{module}", playgroundModule)
	mux.Handle("GET /playground/guide.json", guide)
	mux.Handle("GET /playground/style.css", plainAsset(css, playgroundStyle))
	mux.Handle("GET /playground/icon.svg", plainAsset("image/svg+xml", playgroundIcon))
	mux.Handle("GET /playground/graphiql.min.js", gzipAsset(javascript, graphiqlScript))
	mux.Handle("GET /playground/graphiql.min.css", gzipAsset(css, graphiqlStyle))
	mux.Handle("GET /playground/react.production.min.js", gzipAsset(javascript, reactScript))
	mux.Handle("GET /playground/react-dom.production.min.js", gzipAsset(javascript, reactDOMScript))
	mux.Handle("GET /playground/licences.txt", gzipAsset(text, playgroundLicences))

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", playgroundPolicy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		mux.ServeHTTP(w, r)
	})
}

// playgroundModule serves one of the page's own scripts.
func playgroundModule(w http.ResponseWriter, r *http.Request) {
	content, err := playgroundModules.ReadFile("playground/" + r.PathValue("module"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	plainAsset(javascript, content).ServeHTTP(w, r)
}

// plainAsset serves content as it is.
func plainAsset(contentType string, content []byte) http.Handler {
	etag := contentETag(content)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setAssetHeader(w, contentType, etag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	})
}

// gzipAsset serves compressed content. For clients that cannot unpack it, the content is unpacked
// only once. Otherwise strangers could keep the processors busy.
func gzipAsset(contentType string, compressed []byte) http.Handler {
	etag := contentETag(compressed)
	unpacked := sync.OnceValues(func() ([]byte, error) { return gunzip(compressed) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setAssetHeader(w, contentType, etag)
		w.Header().Set("Vary", "Accept-Encoding")
		if acceptsGzip(r) {
			w.Header().Set("Content-Encoding", "gzip")
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(compressed))
			return
		}

		content, err := unpacked()
		if err != nil {
			http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			return
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	})
}

// setAssetHeader lets a browser cache the asset, but makes it ask each time whether the asset has
// changed. So an old script never calls a new version of the server.
func setAssetHeader(w http.ResponseWriter, contentType, etag string) {
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Cache-Control", "no-cache")
	header.Set("ETag", etag)
}

// contentETag returns a weak tag, because both encodings of an asset have the same one.
func contentETag(content []byte) string {
	sum := sha256.Sum256(content)
	return `W/"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
}

func gunzip(compressed []byte) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(reader)
}

// acceptsGzip reports whether the client accepts gzip (RFC 9110 section 12.5.3). It ignores the
// wildcard.
func acceptsGzip(r *http.Request) bool {
	for offer := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		coding, weight, _ := strings.Cut(offer, ";")
		if !strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			continue
		}

		quality, isWeighted := strings.CutPrefix(strings.TrimSpace(weight), "q=")
		if !isWeighted {
			return true
		}

		value, err := strconv.ParseFloat(quality, 64)
		return err == nil && value > 0
	}
	return false
}
