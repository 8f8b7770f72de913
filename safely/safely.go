// Package safely keeps a panic in a goroutine from ending the program.
package safely

import (
	"fmt"
	"runtime/debug"
)

// PanicError is a panic that was turned into an error.
type PanicError struct {
	Cause any
	// Stack is the stack trace of the panic.
	Stack string
}

// Error implements error. It includes the stack trace, because a panic is a bug.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.Cause, e.Stack) }

// Do calls do and returns its error. A panic in do becomes a *PanicError. Nothing else recovers
// from a panic in a goroutine that we start, so every goroutine does its work in Do.
func Do(do func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = &PanicError{cause, string(debug.Stack())}
		}
	}()
	return do()
}
