package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// These make more sign-ins than may wait for a hash, on a server that runs more hashes than cores.
const (
	hashesAtATime = 16
	hashClients   = 48
	hashTime      = 8 * time.Second
)

// hashes signs in as fast as the server can. It compares the memory limit that the server chooses
// with the one that it used before.
func hashes(ctx context.Context, w *weather) error {
	for _, limit := range []string{"", "256MiB", "", "256MiB"} {
		rate, processor, err := w.signIns(ctx, limit)
		if err != nil {
			return err
		}

		name := "its own memory limit"
		if limit != "" {
			name = "GOMEMLIMIT=" + limit
		}

		w.note(fmt.Sprintf("sign-ins with %d hashes at a time, %s", hashesAtATime, name), rate, "/s")
		w.note("processor time of each", processor, "ms")
	}
	return nil
}

// signIns returns how many sign-ins a server answers per second, and how many milliseconds of
// processor time each takes. On a busy machine, only the second figure can be compared.
func (w *weather) signIns(ctx context.Context, memoryLimit string) (rate, processor float64, err error) {
	folder, err := os.MkdirTemp(w.directory, "hashes-")
	if err != nil {
		return 0, 0, err
	}

	command := exec.CommandContext(ctx, w.program, "serve", "--demo", "--listen=127.0.0.1:0", "--data="+folder,
		fmt.Sprint("--hash-concurrent=", hashesAtATime), "--log-level=error")
	command.Env = []string{"HOME=" + folder, "GOMEMLIMIT=" + memoryLimit}
	stdout, err := command.StdoutPipe()
	if err != nil {
		return 0, 0, err
	}

	if err := command.Start(); err != nil {
		return 0, 0, err
	}
	defer func() { _ = command.Process.Kill(); _ = command.Wait() }()

	greeting, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return 0, 0, fmt.Errorf("the server printed nothing: %w", err)
	}

	_, url, _ := strings.Cut(strings.TrimSpace(greeting), " at ")

	ctx, cancel := context.WithTimeout(ctx, hashTime)
	defer cancel()

	began := time.Now()
	var signedIn atomic.Int64
	var clients sync.WaitGroup

	for range hashClients {
		clients.Go(func() {
			for ctx.Err() == nil {
				if signIn(ctx, url) == nil {
					signedIn.Add(1)
				}
			}
		})
	}

	clients.Wait()
	rate = float64(signedIn.Load()) / time.Since(began).Seconds()

	_ = command.Process.Kill()
	_ = command.Wait() // it was killed, so its exit code means nothing
	used := command.ProcessState.UserTime() + command.ProcessState.SystemTime()
	return rate, used.Seconds() * 1000 / max(1, float64(signedIn.Load())), nil
}

// signIn signs in a customer of the demonstration.
func signIn(ctx context.Context, url string) error {
	const body = `{"query":"mutation ($i: CustomerUserAuthInfoInput!) ` +
		`{ createUserTicket(input: $i) { accessToken } }",` +
		`"variables":{"i":{"username":"demo","password":"correct horse battery staple"}}}`

	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return err
	}

	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close() //nolint:errcheck // it was only read

	answer, err := io.ReadAll(response.Body)
	if err == nil && !bytes.Contains(answer, []byte(`"accessToken":"`)) {
		err = fmt.Errorf("no ticket: %s", answer)
	}

	return err
}
