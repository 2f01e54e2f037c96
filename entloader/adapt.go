package entloader

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// What follows makes fetches for [NewLoader] of functions that answer otherwise.

// InOrder returns a fetch for a source that answers by position, as other dataloaders
// and bulk commands such as MGET of Redis do: a value for each key, in the order of the
// keys. errs holds the errors of single keys by position, or is empty; a single error
// for several keys is that of all. Where a key has an error its value is ignored. Any
// other number of values fails the batch.
func InOrder[K comparable, V any](fetch func(ctx context.Context, keys []K) (values []V, errs []error)) func(context.Context, []K) (map[K]V, error) {
	given("InOrder", "fetch", fetch != nil)
	return func(ctx context.Context, keys []K) (map[K]V, error) {
		values, errs := fetch(ctx, slices.Clone(keys)) // it may sort them
		switch {
		case len(errs) == 1 && len(keys) > 1 && errs[0] != nil:
			return nil, errs[0]
		case len(errs) == 1 && len(keys) > 1:
			errs = nil
		case len(errs) != 0 && len(errs) != len(keys):
			return nil, fmt.Errorf("the fetch returned %d errors for %d keys: it has to return none, one for all, or one for each in their order", len(errs), len(keys))
		}
		if len(values) != len(keys) && (len(values) != 0 || len(errs) == 0 || slices.Contains(errs, nil)) {
			return nil, fmt.Errorf("the fetch returned %d values for %d keys: it has to return one for each, in their order", len(values), len(keys))
		}
		found, failed := make(map[K]V, len(keys)), make(KeyErrors[K])
		for i, k := range keys {
			if len(errs) > 0 && errs[i] != nil {
				failed[k] = errs[i]
			} else {
				found[k] = values[i]
			}
		}
		if len(failed) > 0 {
			return found, failed
		}
		return found, nil
	}
}

// Indexed returns a fetch for a source that returns rows in any order, at most one for
// each key, which by reads from it. A key without a row is [ErrNotFound], one with
// several has an error of its own: see [NewGroupLoader] where that may be.
func Indexed[K comparable, V any](fetch func(ctx context.Context, keys []K) ([]V, error), by func(V) K) func(context.Context, []K) (map[K]V, error) {
	given("Indexed", "fetch", fetch != nil)
	given("Indexed", "by", by != nil)
	return func(ctx context.Context, keys []K) (map[K]V, error) {
		rows, err := fetch(ctx, keys)
		if err != nil {
			return nil, err
		}
		found, several := make(map[K]V, len(rows)), make(KeyErrors[K])
		for _, row := range rows {
			k := by(row)
			if _, ok := found[k]; ok {
				several[k] = errSeveralRows
			}
			found[k] = row
		}
		if len(several) == 0 {
			return found, nil
		}
		for k := range several {
			delete(found, k)
		}
		return found, several
	}
}

var errSeveralRows = errors.New("the fetch returned several rows for this key: use NewGroupLoader where a key may have more than one")

// OrZero makes keys that a fetch does not answer, or answers with [ErrNotFound], have
// the zero value: where none is an answer, as of a field that may be null. Other errors
// stay.
func OrZero[K comparable, V any](fetch func(ctx context.Context, keys []K) (map[K]V, error)) func(context.Context, []K) (map[K]V, error) {
	given("OrZero", "fetch", fetch != nil)
	return func(ctx context.Context, keys []K) (map[K]V, error) {
		asked := slices.Clone(keys) // the fetch may sort them
		found, err := fetch(ctx, keys)
		failed, single := err.(KeyErrors[K])
		if err != nil && (!single || found == nil) {
			return nil, err
		}
		if found == nil {
			found = make(map[K]V, len(asked))
		}
		var none V
		for _, k := range asked {
			if _, ok := found[k]; !ok && (failed[k] == nil || errors.Is(failed[k], ErrNotFound)) {
				found[k] = none
				delete(failed, k)
			}
		}
		if len(failed) > 0 {
			return found, failed
		}
		return found, nil
	}
}

// PerKey returns a fetch for a source without bulk access: it calls one for
// each key, for at most n of them at the same time. The error of one key is
// that key's alone; after the context has ended it calls none. A panic of one is
// one of the fetch. Under an [Each], what the calls load is sent when all of them wait.
func PerKey[K comparable, V any](n int, one func(context.Context, K) (V, error)) func(context.Context, []K) (map[K]V, error) {
	given("PerKey", "fetch", one != nil)
	n = max(n, 1)
	return func(ctx context.Context, keys []K) (map[K]V, error) {
		var (
			mu     sync.Mutex
			wg     sync.WaitGroup
			found  = make(map[K]V, len(keys))
			failed = make(KeyErrors[K])
			broken *PanicError
			turns  = make(chan struct{}, n)
			left   atomic.Int64
			g      *gang
		)
		if at := spotOf(ctx); at.parker != nil {
			g = &gang{active: min(n, len(keys))}
			ctx = &spotContext{ctx, spot{batch: at.batch, parker: g}}
		}
		left.Store(int64(len(keys)))
		for _, k := range keys {
			turns <- struct{}{}
			if ctx.Err() != nil {
				break
			}
			wg.Go(func() {
				var (
					v        V
					err      error
					returned bool
				)
				// runtime.Goexit leaves through here as well.
				defer func() {
					mu.Lock()
					defer mu.Unlock()
					switch {
					case !returned:
						broken = newPanicError(recover())
					case err != nil:
						failed[k] = err
					default:
						found[k] = v
					}
					if left.Add(-1) < int64(n) && g != nil {
						g.park(nil, 1) // no other key takes its place
					}
					<-turns
				}()
				v, err = one(ctx, k)
				returned = true
			})
		}
		wg.Wait()
		switch {
		case broken != nil:
			return nil, broken
		case ctx.Err() != nil:
			return nil, ended(ctx)
		case len(failed) > 0:
			return found, failed
		}
		return found, nil
	}
}
