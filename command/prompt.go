package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/authtickets/authtickets/secret"
)

var (
	errStopped      = errors.New("interrupted")
	errNotTheSame   = errors.New("the two passwords are not the same")
	errNoPassword   = errors.New("there is no password on the standard input")
	errLongPassword = errors.New("the first line of the standard input is longer than a password can be")
)

// terminal returns the file descriptor of a terminal.
func terminal(stream any) (int, bool) {
	file, ok := stream.(*os.File)
	if !ok {
		return 0, false
	}

	descriptor := int(file.Fd())
	return descriptor, term.IsTerminal(descriptor)
}

// wait returns the result of read, or an error when the operator interrupts. An interrupt alone
// does not end a read.
func wait[Answer any](ctx context.Context, read func() (Answer, error)) (Answer, error) {
	type result struct {
		answer Answer
		err    error
	}

	results := make(chan result, 1)
	go func() {
		answer, err := read()
		results <- result{answer, err}
	}()
	select {
	case r := <-results:
		return r.answer, r.err
	case <-ctx.Done():
		var none Answer
		return none, errStopped
	}
}

// askPassword asks twice on a terminal, without showing the password. Elsewhere it reads the first
// line of the standard input.
func askPassword(env *Environment) (secret.Text, error) {
	descriptor, ok := terminal(env.Stdin)
	if !ok {
		return wait(env.Context, func() (secret.Text, error) { return firstLine(env.Stdin) })
	}

	first, err := askHidden(env, descriptor, "Password: ")
	if err != nil {
		return secret.Text{}, err
	}

	again, err := askHidden(env, descriptor, "Again: ")
	if err != nil {
		return secret.Text{}, err
	}
	if first.Reveal() != again.Reveal() {
		return secret.Text{}, errNotTheSame
	}

	return first, nil
}

func askHidden(env *Environment, descriptor int, prompt string) (secret.Text, error) {
	shown, err := term.GetState(descriptor)
	if err != nil {
		return secret.Text{}, fmt.Errorf("read the password: %w", err)
	}

	fmt.Fprint(env.Stderr, prompt)
	text, err := wait(env.Context, func() ([]byte, error) { return term.ReadPassword(descriptor) })
	fmt.Fprintln(env.Stderr)
	if err != nil { // the read may continue, with the terminal's echo off
		return secret.Text{}, errors.Join(err, term.Restore(descriptor, shown))
	}

	return secret.New(string(text)), nil
}

func firstLine(in io.Reader) (secret.Text, error) {
	const longest = 4 << 10
	line, err := bufio.NewReader(io.LimitReader(in, longest)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return secret.Text{}, fmt.Errorf("read the password: %w", err)
	}
	if len(line) == longest {
		return secret.Text{}, errLongPassword
	}

	line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
	if line == "" {
		return secret.Text{}, errNoPassword
	}

	return secret.New(line), nil
}

// confirmed asks a question on a terminal and reports whether the answer is yes. Without a terminal
// the answer is no.
func confirmed(env *Environment, question string) bool {
	if _, ok := terminal(env.Stdin); !ok {
		return false
	}

	fmt.Fprint(env.Stderr, question+" [y/N] ")
	answer, err := wait(env.Context, func() (string, error) { return bufio.NewReader(env.Stdin).ReadString('\n') })
	if err != nil { // the cursor is still after the question
		fmt.Fprintln(env.Stderr)
	}

	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes"
}
