package entloader

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
)

// ErrNoLoaders is returned by generated Load methods of a package that was
// generated with codegen.WithStrict when their context carries no loaders.
var ErrNoLoaders = errors.New("entloader: no loaders in context: attach them with NewLoadersContext, LoadersMiddleware or the gqlgen extension")

// ErrNotFound is the error of a key that a fetch did not answer.
var ErrNotFound = errors.New("no answer for this key")

// Transient marks the error of a single key as one that may be gone the next time: a
// service that is busy, a time-out. A loader gives it to those who wait for the key, and
// does not remember it. Errors of whole batches are not remembered in any case. It
// returns nil for nil.
func Transient(err error) error {
	if err == nil {
		return nil
	}
	return &transientError{err}
}

type transientError struct{ error }

func (e *transientError) Unwrap() error { return e.error }

// errNaN refuses a key that does not equal itself: its answer would never be
// found again.
var errNaN = errors.New("a key that is not equal to itself (NaN) can not be loaded")

// errCycle refuses a load that waits for the fetch that it is called from.
var errCycle = errors.New("this key is loaded from inside its own fetch (by an interceptor, a policy or a hook): query it directly there")

// errPanicked is what observers are told of a fetch that did not return.
var errPanicked = errors.New("entloader: the fetch panicked")

// PanicError is what every waiter of a batch receives when its fetch panicked
// or called runtime.Goexit.
type PanicError struct {
	// Value is what was passed to panic, or an error that says that
	// runtime.Goexit was called.
	Value any
	// Stack is the stack of the fetch at that moment.
	Stack []byte
}

// errGoexit is the Value of a PanicError for a fetch that called runtime.Goexit.
var errGoexit = errors.New("runtime.Goexit was called (testing.T.FailNow and require do so; call them outside a fetch)")

// newPanicError makes an error of what recover returned; nil means that
// runtime.Goexit was called.
func newPanicError(v any) *PanicError {
	if v == nil {
		v = errGoexit
	}
	return &PanicError{Value: v, Stack: debug.Stack()}
}

// Error returns the panic value. It does not contain the stack, since errors are shown
// to clients of APIs.
func (e *PanicError) Error() string {
	return fmt.Sprintf("entloader: fetch panicked: %v", e.Value)
}

// Unwrap returns the panic value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// keyError names the loader that an error came from.
func keyError(name string, err error) error {
	return fmt.Errorf("entloader: %s: %w", name, err)
}

// ended returns why ctx has ended: context.Canceled or
// context.DeadlineExceeded, and the cause if there is one.
func ended(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if cause != err {
		return fmt.Errorf("%w: %w", err, cause)
	}
	return err
}

// KeyErrors are the errors of single keys of a LoadAll; errors.Is and errors.As
// reach inside.
type KeyErrors[C comparable] map[C]error

// Error names one of the errors and how many there are.
func (e KeyErrors[C]) Error() string {
	for k, err := range e {
		if len(e) == 1 {
			return fmt.Sprintf("key %v: %v", k, err)
		}
		return fmt.Sprintf("%d keys failed, among them %v: %v", len(e), k, err)
	}
	return "no key failed"
}

// Of returns the error of a key, nil if it has none.
func (e KeyErrors[C]) Of(key C) error { return e[key] }

// Unwrap returns the errors of the keys.
func (e KeyErrors[C]) Unwrap() []error {
	errs := make([]error, 0, len(e))
	for _, err := range e {
		errs = append(errs, err)
	}
	return errs
}
