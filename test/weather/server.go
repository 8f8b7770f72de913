package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is a running server, with its own embedded database and the sample customers.
type server struct {
	command *exec.Cmd
	address string
	log     string
}

// This is the sample customer.
const (
	customerName     = "demo@example.com"
	customerPassword = "correct horse battery staple"
)

// start starts a server whose process may open this many files. With 0, the system decides.
func (w *weather) start(ctx context.Context, files int, flags ...string) (*server, error) {
	folder, err := os.MkdirTemp(w.directory, "server-")
	if err != nil {
		return nil, err
	}

	s := &server{log: filepath.Join(folder, "log")}
	log, err := os.Create(s.log)
	if err != nil {
		return nil, err
	}
	defer log.Close() //nolint:errcheck // another process writes it

	script := `exec "$0" "$@"`
	if files > 0 {
		script = "ulimit -n " + strconv.Itoa(files) + "; " + script
	}

	arguments := append([]string{"-c", script, w.program, "serve", "--demo", "--listen=127.0.0.1:0"}, flags...)
	s.command = exec.CommandContext(ctx, "sh", arguments...)
	s.command.Dir, s.command.Stderr = folder, log
	s.command.Env = slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "AUTHTICKETS_")
	})
	s.command.Cancel = func() error { return s.command.Process.Signal(syscall.SIGTERM) }
	s.command.WaitDelay = 5 * time.Second
	stdout, err := s.command.StdoutPipe()
	if err != nil {
		return nil, err
	}

	if err := s.command.Start(); err != nil {
		return nil, err
	}

	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		logged, _ := os.ReadFile(s.log)
		return nil, fmt.Errorf("the server ended early: %s", logged)
	}

	_, rest, _ := strings.Cut(line, "http://")
	s.address, _, _ = strings.Cut(rest, "/")
	return s, nil
}

// end stops the server.
func (s *server) end() {
	_ = s.command.Process.Signal(syscall.SIGTERM)
	_ = s.command.Wait() // its exit code means nothing
}

// memory returns a field of the server's memory use, in MiB: now, or the maximum so far.
func (s *server) memory(field string) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.command.Process.Pid))
	if err != nil {
		return 0, err
	}

	_, rest, _ := strings.Cut(string(status), field+":")
	kib, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	return kib / 1024, err
}

// lines returns how many lines of the log contain all the words.
func (s *server) lines(words ...string) (int, error) {
	text, err := os.ReadFile(s.log)
	if err != nil {
		return 0, err
	}

	count := 0
	for line := range strings.Lines(string(text)) {
		if !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(line, word) }) {
			count++
		}
	}

	return count, nil
}

var errRefused = errors.New("refused")

// body returns the body of a request.
func body(query string) []byte {
	text, _ := json.Marshal(map[string]string{"query": query}) // a string always encodes
	return text
}

// request returns a whole request, for clients that write to a connection themselves.
func (s *server) request(query, token string) []byte {
	text := body(query)
	return fmt.Appendf(nil, "POST /graphql HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"+
		"Authorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s", s.address, token, len(text), text)
}

// ask sends an operation and returns the status and text of the answer.
func (s *server) ask(ctx context.Context, client *http.Client, query, token string) (int, []byte, error) {
	url := "http://" + s.address + "/graphql"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body(query)))
	if err != nil {
		return 0, nil, err
	}

	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}

	response, err := client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close() //nolint:errcheck // read to its end

	text, err := io.ReadAll(response.Body)
	return response.StatusCode, text, err
}

// ticket sends a mutation that returns a ticket.
func (s *server) ticket(ctx context.Context, client *http.Client, mutation string) (access, refresh string, err error) {
	_, text, err := s.ask(ctx, client, mutation, "")
	if err != nil {
		return "", "", err
	}

	var answer struct {
		Data map[string]struct{ AccessToken, RefreshToken string }
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return "", "", err
	}

	for _, ticket := range answer.Data {
		if ticket.RefreshToken != "" {
			return ticket.AccessToken, ticket.RefreshToken, nil
		}
	}

	return "", "", fmt.Errorf("%w: %.300s", errRefused, text)
}

const tokens = `{ accessToken refreshToken }`

func (s *server) anonymous(ctx context.Context, client *http.Client) (access, refresh string, err error) {
	return s.ticket(ctx, client, `mutation { anonymousShopperTicket `+tokens+` }`)
}

func (s *server) signIn(ctx context.Context, client *http.Client) (access, refresh string, err error) {
	credentials := `{username: "` + customerName + `", password: "` + customerPassword + `"}`
	return s.ticket(ctx, client, `mutation { createUserTicket(input: `+credentials+`) `+tokens+` }`)
}

func (s *server) refresh(ctx context.Context, client *http.Client, token string) (access, refresh string, err error) {
	return s.ticket(ctx, client, `mutation { refreshTicket(refreshToken: "`+token+`") `+tokens+` }`)
}

// newClient returns a client with its own connections.
func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}, Timeout: time.Minute}
}
