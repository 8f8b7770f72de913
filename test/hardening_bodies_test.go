package test_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing/iotest"
)

func (g *guarded) noQuery() {
	for _, body := range []string{
		"", " ", "null", "1", "1.5", "true", `"` + marker + `"`, "{}", `{"query":null}`, `{"query":""}`,
		`{"query":5}`, `{"query":true}`, `{"query":["{ __typename }"]}`, `{"query":{}}`,
		`{"Query":"{ __typename }"}`, `{"QUERY":"{ __typename }"}`,
		`{"query":"{ __typename }","query":"{ __typename }"}`,
		`{"query":"{ __typename }","qu\u0065ry":"` + marker + `"}`,
		`{"query":"{ __typename }","variables":"` + marker + `"}`,
		`{"query":"{ __typename }","variables":["` + marker + `"]}`, `{"query":"{ __typename }","variables":1}`,
		`{"query":"{ __typename }","variables":{"a":1,"a":2}}`, `{"query":"{ __typename }","variables":{"a":1e999}}`,
		`{"query":"{ __typename }","operationName":5}`, `{"query":"{ __typename }","operationName":["` + marker + `"]}`,
		`{"query":"{ __typename }","extensions":"` + marker + `"}`,
		`{"query":"{ __typename }","extensions":[]}`,
		`{"query":"{ __typename }","extensions":{"persistedQuery":"` + marker + `"}}`,
	} {
		g.refuses(attempt{body: body}, badRequest(http.StatusBadRequest))
	}

	for _, body := range []string{
		good, " \r\n\t" + good + "\n",
		`{"query":"{ __typename }","variables":null,"operationName":null,"extensions":null}`,
		`{"query":"{ __typename }","variables":{},"extensions":{"other":[1]},"other":1}`,
		`{"query":"query A { __typename }","operationName":"A"}`, `{"qu\u0065ry":"{ __typen\u0061me }"}`,
	} {
		g.answers(attempt{body: body})
	}
}

func (g *guarded) batches() {
	one := about(signInQuery, `{"input":{"username":"ada","password":"`+marker+`"}}`).body
	for _, body := range []string{
		"[]", "[" + good + "]", "[" + one + "]", " \n[" + one + "," + one + "]", "[[" + one + "]]",
		"[" + strings.Repeat(one+",", 99) + one + "]", "[1]", "[null]", "[",
	} {
		g.refuses(attempt{body: body}, badRequest(http.StatusBadRequest))
	}
}

func (g *guarded) brokenJSON() {
	whole := about(signInQuery, `{"input":{"username":"ada","password":"`+marker+`"}}`).body
	for end := range whole {
		if end%7 == 0 || end > len(whole)-8 {
			g.refuses(attempt{body: whole[:end]}, badRequest(http.StatusBadRequest))
		}
	}

	for _, body := range []string{
		whole + marker, whole + whole, whole + ",", whole + "]", whole + "\x00", "\xef\xbb\xbf" + whole,
		"\x00" + whole, strings.Replace(whole, marker, marker+"\xff", 1),
		strings.Replace(whole, marker, marker+`\ud800`, 1),
		strings.Replace(whole, marker, marker+"\n", 1), strings.Replace(whole, marker, marker+`\q`, 1),
		strings.Replace(whole, `"`+marker+`"`, marker, 1),
		strings.Replace(whole, `"`+marker+`"`, `'`+marker+`'`, 1),
		strings.Replace(whole, `"`+marker+`"`, `"`+marker+`",`, 1), "// " + marker + "\n" + whole,
		strings.ReplaceAll(whole, `"`, `'`), marker, `"` + marker,
	} {
		g.refuses(attempt{body: body}, badRequest(http.StatusBadRequest))
	}

	g.refuses(
		attempt{stream: io.MultiReader(strings.NewReader(whole[:len(whole)-1]), iotest.ErrReader(io.ErrUnexpectedEOF))},
		badRequest(http.StatusBadRequest),
	)
}

// measured counts how much of a body is read.
type measured struct {
	io.Reader

	read int
}

func (m *measured) Read(into []byte) (int, error) {
	n, err := m.Reader.Read(into)
	m.read += n
	return n, err
}

func (g *guarded) largeBodies() {
	const limit = 64 << 10
	tooLarge := refusal{status: http.StatusRequestEntityTooLarge, code: badUserInput, limit: "body-limit"}
	padded := func(length int) string { return good + strings.Repeat(" ", length-len(good)) }
	g.answers(attempt{body: padded(limit)})
	g.answers(attempt{stream: io.MultiReader(strings.NewReader(padded(limit)))}) // in chunks
	g.refuses(attempt{body: padded(limit + 1)}, tooLarge)
	g.refuses(
		attempt{
			body: about(
				signInQuery, `{"input":{"username":"ada","password":"`+strings.Repeat(marker, 100_000)+`"}}`,
			).body,
		},
		tooLarge,
	)

	endless := &measured{
		Reader: io.MultiReader(
			strings.NewReader(marker), iotest.DataErrReader(strings.NewReader(strings.Repeat(" ", 10<<20))),
		),
	}
	if got := g.refusesAs(jsonType, attempt{stream: endless}, tooLarge); endless.read > limit+1 ||
		got.Header.Get("Connection") != "close" {
		g.t.Errorf("%d bytes are read, and the connection is %q", endless.read, got.Header.Get("Connection"))
	}

	declared := &measured{Reader: strings.NewReader(padded(limit + 1))}
	if g.refuses(attempt{stream: declared, length: limit + 1}, tooLarge); declared.read > 0 {
		g.t.Errorf("%d bytes of a body with a declared length are read", declared.read)
	}
}

func (g *guarded) compressedBodies() {
	var zipped bytes.Buffer
	writer := gzip.NewWriter(&zipped)
	_, err := io.WriteString(writer, good)
	must(g.t, err)
	must(g.t, writer.Close())

	for _, encoding := range []string{
		"gzip", "GZIP", "x-gzip", "deflate", "br", "zstd", "identity, gzip", "gzip, identity", marker,
	} {
		for _, body := range []string{zipped.String(), good} {
			g.refuses(
				attempt{body: body}.with("Content-Encoding", encoding),
				badRequest(http.StatusUnsupportedMediaType),
			)
		}
	}

	g.refuses(
		attempt{body: good}.with("Content-Encoding", "identity", "Content-Encoding", "gzip"),
		badRequest(http.StatusUnsupportedMediaType),
	)
	g.answers(attempt{body: good}.with("Content-Encoding", "identity"))
}
