package entloader_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader"
)

// What the suites of other loaders hold their loader to, ours has to do as well,
// or differ for a reason. The suites that were read: graphql/dataloader (J, its
// src/__tests__), graph-gophers/dataloader v7.2.0 (G), dataloadgen v0.0.10 (D),
// aiodataloader (A), Strawberry's (S), graphql-sync-dataloaders (Y) and Undine's (U).
// Which test covers which of their behaviours, by the file that it is in:
//
// conformance_batch_test.go
//
//	a key has its value, zero is a key as any other      J D G A S  TestConformanceBatches
//	keys of one moment share a fetch                     J D G A S  "
//	a key that is asked for twice is sent once           J D G A S  "
//	a batch has a greatest size, LoadAll is cut to it    J D G A S  "
//	duplicates and known keys do not fill a batch        J          "
//	batching can be switched off                         J          " (batches of one)
//	who calls for the batch need not wait, a key that    J G        TestConformanceFlush
//	 nobody calls for stays
//	loads that other goroutines of the moment start      J A        TestConformanceChainOfGoroutines
//	a value leads to the next load, a level is a fetch   Y          TestConformanceLevels
//	a fetch loads from another loader                    J A        TestConformanceLoaderWithinLoader
//	a greatest size of nothing                           J          TestConformanceOptionsOutOfRange
//	a tracer looks at the loader while a batch runs      G          TestConformanceObserverLooks
//
// conformance_cache_test.go
//
//	what is known is not sent again, in part or whole    J D G A S  TestConformanceCache
//	the error of a key is known, that of a fetch is not  J D G A    "
//	clear one, several, all, or one that is not there    J D G A S  "
//	clear after an error: the key is fetched again       J G        "
//	prime, also in a loop; what is known stays           J D G A S  "
//	clear and prime: the new value is the answer         J S        "
//	prime with an error                                  J A U      "; for who waits: TestPrimeError
//	an error that is not to be kept                      G          TestTransientErrorIsNotKept
//	without a cache each round is fetched                J D G S    "
//	without a cache prime and clear do nothing           J D G S    "
//	a fetch that clears what it loads                    J G        TestConformanceClearInsideFetch
//	keys that are told apart by identity                 J          TestConformancePointerKeys
//	a cache of one's own                                 J G S      TestConformanceOwnCache, TestConformanceOwnCacheIsNotPrimed
//
// conformance_error_test.go
//
//	values, errors and missing keys in one fetch         J D G A S  TestConformanceErrors
//	LoadAll says which keys failed; nil if none did      J D G      "
//	the error of a fetch is that of all its keys         J D G A S  "
//	no map, and an empty one                             J D        TestConformanceNoAnswers
//	no fetch at all: the constructor says so             J A        TestConformanceNoFetch
//	an error that nobody fetches does no harm            J          TestConformanceErrorNobodyLooksAt
//	errors of keys inside another error                  D          TestConformanceKeyErrorsOfAnother
//
// conformance_cancel_test.go
//
//	all have left before the fetch: it is not called     S          TestConformanceAllLeave
//	some have left: the others get value or error,       A S        TestConformanceSomeLeave
//	 and the key can be loaded again
//
// And what tests of ours did before, in the file of their theme:
//
//	an empty list of keys                                J A        TestNoKeys
//	results in the order of the keys, duplicates kept    D G A S    TestFetchMayEditItsKeys, TestHundredThousandKeys
//	prime for who waits; a batch that is primed whole    S          TestPrimeWakesWhoWaits
//	keys that a function makes comparable                J S        TestLoaderByKeysThatAreNotComparable, TestLoaderByEqualKeys
//	a fetch that panics, for one, several or a list      D G        TestPanicAndGoexitReachEveryWaiter
//	a thunk that several goroutines call                 D G        TestLoadThunk
//	how long a key waits; a flush with nothing to send   G          TestTimeOfDispatch
//	a fetch that nobody waits for any more is cancelled  S          TestLastWaiterCancelsTheFetch
//	a waiter that is cancelled, or late, leaves          A S        TestCancelledWaiterLeavesAtOnce, TestFirstCallerDoesNotDecideForOthers
//	errors.Is reaches into the errors of a list          D          TestKeyErrorIsOfOneKey
//	a loader has a name                                  J          TestDefinedLoadersAreNamed
//	two fields, two levels, a list, through GraphQL      S Y        gql/lab: TestOneStatementPerEdge, TestErrorOfOneKey
//
// What does not apply here:
//
//   - Arguments of the wrong type, a fetch that returns no promise, a cache that
//     lacks a method, keys that can not be hashed: they do not compile (J A S).
//   - As many values as keys: answers come by key. One that is missing is
//     ErrNotFound, one too many fails the batch (J D G S); see
//     TestMissingKeyIsNotFoundAlone and TestAnswerForAStrangeKeyFailsTheBatch.
//     For the same reason the order of the keys within a fetch is not promised.
//   - A known key that waits for the batch of its neighbours, so that both go on
//     in one tick (J): it is answered at once, see TestThunkOfPrimedKey.
//   - Without a cache equal keys are sent several times (J S): nobody wants that,
//     see TestWithoutCacheDuplicatesCollapse. So the function that makes keys
//     comparable is called without a cache as well (J).
//   - Futures that compare equal, or are resolved from outside, and the loader as
//     "this" (J A S): there are none. BatchFromContext names the loader.
//   - Priming a promise (J A): there are none.
//   - Prime that says whether it did something (D), or forces (S): clear first.
//   - The exact time of one timer (G), schedulers of the platform (J): Flush, Each.
//   - A thunk for a list (D): one for each key, see TestLoadThunk.

// The keys that the source of the conformance tests does not answer. Every other
// has the value ten times the key.
const (
	missingKey = 404 // is left out
	closedKey  = 403 // has an error of its own
	lockedKey  = 500 // fails the whole fetch
)

var (
	errClosed = errors.New("closed")
	errLocked = errors.New("database is locked")
)

// source is a fetch that notes its calls.
func source(seen *calls[int]) func(context.Context, []int) (map[int]int, error) {
	return func(_ context.Context, keys []int) (map[int]int, error) {
		seen.note(keys)
		found, failed := tenfold(keys), make(entloader.KeyErrors[int])
		for _, k := range keys {
			switch k {
			case missingKey:
				delete(found, k)
			case closedKey:
				failed[k] = errClosed
			case lockedKey:
				return nil, errLocked
			}
		}
		if len(failed) > 0 {
			return found, failed
		}
		return found, nil
	}
}

// A round is what is asked for at one moment.
type round struct {
	first func(ctx context.Context, l *entloader.Loader[int, int]) // done before
	ask   []int
	want  []int         // nil: ten times the keys, zero where they fail
	fails map[int]error // by key
	sent  [][]int       // what the fetches of the round are given, in any order
}

// A conversation is rounds with one loader. It is held in every way to ask.
type conversation struct {
	name   string
	opts   []entloader.Option
	rounds []round
}

func converse(t *testing.T, conversations []conversation) {
	for _, c := range conversations {
		for _, a := range askers {
			t.Run(c.name+", "+a.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var seen calls[int]
					l := entloader.NewLoader(source(&seen), append([]entloader.Option{entloader.WithQuiet(time.Millisecond)}, c.opts...)...)
					for i, r := range c.rounds {
						r.hold(t, i, l, &seen, a.ask)
					}
				})
			})
		}
	}
}

func (r round) hold(t *testing.T, i int, l *entloader.Loader[int, int], seen *calls[int], ask asker) {
	before := len(seen.all())
	if r.first != nil {
		r.first(t.Context(), l)
	}
	values, errs := ask(t.Context(), l, r.ask)
	require.Len(t, values, len(r.ask), "round %d", i)
	for j, k := range r.ask {
		want := 10 * k
		if r.fails[k] != nil {
			want = 0
		}
		if r.want != nil {
			want = r.want[j]
		}
		require.Equal(t, want, values[j], "round %d, key %d", i, k)
		if r.fails[k] == nil {
			require.NoError(t, errs[j], "round %d, key %d", i, k)
		} else {
			require.ErrorIs(t, errs[j], r.fails[k], "round %d, key %d", i, k)
		}
	}
	require.ElementsMatch(t, r.sent, seen.all()[before:], "round %d", i)
}

// An asker asks for keys at one moment, in their order.
type asker func(ctx context.Context, l *entloader.Loader[int, int], keys []int) ([]int, []error)

var askers = []struct {
	name string
	ask  asker
}{
	{"Load", func(ctx context.Context, l *entloader.Loader[int, int], keys []int) (values []int, errs []error) {
		var all []*pending[int]
		for _, k := range keys {
			all = append(all, async(func() (int, error) { return l.Load(ctx, k) }))
			synctest.Wait() // or they would come in any order
		}
		for _, p := range all {
			v, err := p.wait()
			values, errs = append(values, v), append(errs, err)
		}
		return values, errs
	}},
	{"LoadThunk", func(ctx context.Context, l *entloader.Loader[int, int], keys []int) (values []int, errs []error) {
		var all []func() (int, error)
		for _, k := range keys {
			all = append(all, l.LoadThunk(ctx, k))
		}
		for _, f := range all {
			v, err := f()
			values, errs = append(values, v), append(errs, err)
		}
		return values, errs
	}},
	{"LoadAll", func(ctx context.Context, l *entloader.Loader[int, int], keys []int) ([]int, []error) {
		values, err := l.LoadAll(ctx, keys)
		return values, errorsOf(err, keys)
	}},
	{"LoadMap", func(ctx context.Context, l *entloader.Loader[int, int], keys []int) (values []int, errs []error) {
		found, err := l.LoadMap(ctx, keys)
		errs = errorsOf(err, keys)
		for i, k := range keys {
			v, ok := found[k]
			if !ok && errs[i] == nil {
				errs[i] = entloader.ErrNotFound // which is no error of a map
			}
			values = append(values, v)
		}
		return values, errs
	}},
}

// errorsOf returns the errors of keys, by their position. An error that is none
// of keys is that of all.
func errorsOf(err error, keys []int) []error {
	errs := make([]error, len(keys))
	var failed entloader.KeyErrors[int]
	isOfKeys := errors.As(err, &failed)
	for i, k := range keys {
		if errs[i] = failed[k]; !isOfKeys {
			errs[i] = err
		}
	}
	return errs
}
