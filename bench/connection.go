package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
)

// connection is an HTTP connection that is kept open. It implements only as much of HTTP as the
// answers need, so that the client leaves the processor to the server.
type connection struct {
	address string
	socket  net.Conn
	reader  *bufio.Reader
	request []byte
	body    []byte
}

func connect(address string) (*connection, error) {
	socket, err := net.Dial("tcp", address) //nolint:noctx // the server is on this machine and answers at once
	if err != nil {
		return nil, err
	}
	return &connection{address: address, socket: socket, reader: bufio.NewReaderSize(socket, 16<<10)}, nil
}

// post sends a GraphQL request, with an access token unless it is empty. The returned answer is
// valid until the next call.
func (c *connection) post(body []byte, accessToken string) ([]byte, error) {
	c.request = append(c.request[:0], "POST /graphql HTTP/1.1\r\nHost: "...)
	c.request = append(c.request, c.address...)
	c.request = append(c.request, "\r\nAccept: application/json\r\nContent-Type: application/json\r\n"...)
	if accessToken != "" {
		c.request = append(c.request, "Authorization: Bearer "...)
		c.request = append(c.request, accessToken...)
		c.request = append(c.request, "\r\n"...)
	}

	c.request = append(c.request, "Content-Length: "...)
	c.request = strconv.AppendInt(c.request, int64(len(body)), 10)
	c.request = append(c.request, "\r\n\r\n"...)
	c.request = append(c.request, body...)
	answer, err := c.send()
	if err == nil && !bytes.HasPrefix(answer, []byte(`{"data":{`)) {
		err = fmt.Errorf("answered %s", answer)
	}
	return answer, err
}

// get sends a GET request. The returned answer is valid until the next call.
func (c *connection) get(path string) ([]byte, error) {
	c.request = append(c.request[:0], "GET "...)
	c.request = append(c.request, path...)
	c.request = append(c.request, " HTTP/1.1\r\nHost: "...)
	c.request = append(c.request, c.address...)
	c.request = append(c.request, "\r\nAccept: application/json\r\n\r\n"...)
	return c.send()
}

// send sends the request. Its error includes every status except 200.
func (c *connection) send() ([]byte, error) {
	if _, err := c.socket.Write(c.request); err != nil {
		return nil, err
	}
	return c.answer()
}

func (c *connection) answer() ([]byte, error) {
	status, err := c.reader.ReadSlice('\n')
	if err != nil {
		return nil, err
	}

	isOK := bytes.HasPrefix(status, []byte("HTTP/1.1 200 "))
	length := -1
	for {
		line, err := c.reader.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		if len(line) == len("\r\n") {
			break
		}
		if value, found := bytes.CutPrefix(line, []byte("Content-Length: ")); found {
			length, err = strconv.Atoi(string(bytes.TrimSpace(value)))
			if err != nil {
				return nil, err
			}
		}
	}

	if length < 0 {
		return nil, errors.New("the answer has no Content-Length")
	}
	if cap(c.body) < length {
		c.body = make([]byte, length)
	}

	c.body = c.body[:length]
	if _, err := io.ReadFull(c.reader, c.body); err != nil {
		return nil, err
	}
	if !isOK {
		return nil, fmt.Errorf("answered %s", c.body)
	}

	return c.body, nil
}

// member returns the value of a string member of a JSON object. It is only for tokens, because it
// does not handle escapes.
func member(body []byte, name string) string {
	_, rest, _ := bytes.Cut(body, []byte(`"`+name+`":"`))
	text, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(text)
}
