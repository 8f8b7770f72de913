// Package safely keeps a panic in a goroutine from ending the program.
package safely

import (
	"fmt"
	"runtime/debug"
)

// PanicError is a panic that became an error.
type PanicError struct {
	Cause any
	// Stack is where it happened.
	Stack string
}

// Error implements error. It holds the stack, because a panic is a fault of the program.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.Cause, e.Stack) }

// Do returns what do returns. A panic in do is a PanicError. Nobody recovers from a panic in a
// goroutine that we start ourselves, so each of them does its work in here.
func Do(do func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = &PanicError{cause, string(debug.Stack())}
		}
	}()
	return do()
}
