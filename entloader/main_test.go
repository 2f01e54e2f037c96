package entloader_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/entloader/entloader/entloader"
)

// What goes wrong in loaders elsewhere, each seen in at least one library or
// application, and the tests that ours would fail if it went wrong here. Those
// without a file are in the one of their theme: grep finds them.
//
//	 1 the context of the first caller     cancel_test.go: TestFirstCallerDoesNotDecideForOthers;
//	   is that of the batch                scope_test.go: TestFirstViewerDoesNotDecideForOthers, TestViewerOfALoadInsideAFetchCounts;
//	                                       ent: TestCancel, TestViewersSeparate, TestSkipSoftDelete
//	 2 a cancelled waiter stays            cancel_test.go: TestCancelledWaiterLeavesAtOnce
//	 3 runtime.Goexit hangs the waiters,   panic_test.go: TestPanicAndGoexitReachEveryWaiter; TestPerKeyPanicAndGoexit,
//	   a panic ends the process            TestGroupLoaderPanicOfKeyFunction; ent: TestPanic
//	 4 a fetch edits its keys              share_test.go: TestFetchMayEditItsKeys; TestFetchEditsKeys
//	 5 a shared slice is appended to       share_test.go: TestSharedSlicesDoNotGrowIntoEachOther; TestPrimedGroupIsClipped,
//	                                       TestGroupsAreClipped (who sorts one, sorts a copy: ent: TestPostProcessedResult)
//	 6 clear, then load: twice, or stale   clear_test.go: TestClear
//	 7 an error is cached for good, or     errors_test.go: TestBatchErrorIsNotKept, TestKeyErrorIsOfOneKey;
//	   is that of the neighbours           TestPerKeyErrorsAreOfOneKey; gql/lab: TestErrorOfOneKey, TestErrorsOfAService
//	 8 duplicates without a cache          keys_test.go: TestWithoutCacheDuplicatesCollapse
//	 9 no children are an error, an        errors_test.go: TestParentWithoutChildren, TestMissingKeyIsNotFoundAlone;
//	   error is no children                ent: TestDatabaseError
//	10 different keys or filters meet,     keys_test.go: TestDifferentKeysNeverMeet; TestLoaderByKeysThatAreNotComparable,
//	   equal ones do not                   TestDefineByParams; ent: TestOptionsAreComparedByStatement
//	11 a limit is of the whole query, or   ent: TestOptions, TestLimitOfInterceptorIsPerParent, TestLimitIsCutByTheDatabase
//	   is cut in Go
//	12 pages overlap, M2M rows are twice   ent: TestOptions, TestEquivalence; TestTieBreak
//	13 key lists have no bound, all        keys_test.go: TestHundredThousandKeys; dispatch_test.go: TestFetchesAtTheSameTimeAreBounded;
//	   chunks are sent at once             TestKeyLists; ent: TestWindows, TestWindowsRunAFewAtATime, TestBatchesOfATransactionRunOneByOne
//	14 timers: late, and batches split;    dispatch_test.go: TestTimeOfDispatch; TestEachIsExact; ent: TestOneStatementForSiblings;
//	   a load inside a fetch hangs         inner_test.go: TestLoadFromInsideAFetch; TestInnerLoadDoesNotWaitForItsOwnTurn,
//	                                       TestTwoLoadersThatUseEachOther, TestCycleThroughTwoCallers

// No test leaves a goroutine behind, however its loads ended.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// viewerKey is a context key as applications have them.
type viewerKey struct{}

func as(ctx context.Context, viewer string) context.Context {
	return context.WithValue(ctx, viewerKey{}, viewer)
}

func viewerOf(ctx context.Context) string {
	v, _ := ctx.Value(viewerKey{}).(string)
	return v
}

// A pending load runs on a goroutine of its own.
type pending[V any] struct {
	done  chan struct{}
	value V
	err   error
	at    time.Time // when it ended
}

// async starts a load. A panic of it is an error, so that one test fails and not
// the process.
func async[V any](load func() (V, error)) *pending[V] {
	p := &pending[V]{done: make(chan struct{})}
	go func() {
		defer close(p.done)
		defer func() {
			if v := recover(); v != nil {
				p.err = fmt.Errorf("the load panicked: %v", v)
			}
			p.at = time.Now()
		}()
		p.value, p.err = load()
	}()
	return p
}

// ended reports whether the load has returned; call synctest.Wait before.
func (p *pending[V]) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

func (p *pending[V]) wait() (V, error) {
	<-p.done
	return p.value, p.err
}

// calls notes which keys a fetch was given, call by call.
type calls[K cmp.Ordered] struct {
	mu   sync.Mutex
	list [][]K
}

// note returns how many calls there were before.
func (c *calls[K]) note(keys []K) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, slices.Sorted(slices.Values(keys)))
	return len(c.list) - 1
}

// all returns the keys of each call, sorted.
func (c *calls[K]) all() [][]K {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.list)
}

// tenfold answers every key with ten times itself.
func tenfold(keys []int) map[int]int {
	found := make(map[int]int, len(keys))
	for _, k := range keys {
		found[k] = 10 * k
	}
	return found
}

// A waiter is one way to load a key; all of them must behave alike.
type waiter struct {
	name string
	load func(l *entloader.Loader[int, int], ctx context.Context, key int) (int, error)
}

var waiters = []waiter{
	{"Load", func(l *entloader.Loader[int, int], ctx context.Context, key int) (int, error) {
		return l.Load(ctx, key)
	}},
	{"LoadAll", func(l *entloader.Loader[int, int], ctx context.Context, key int) (int, error) {
		values, err := l.LoadAll(ctx, []int{key})
		return values[0], err
	}},
	{"LoadMap", func(l *entloader.Loader[int, int], ctx context.Context, key int) (int, error) {
		values, err := l.LoadMap(ctx, []int{key})
		return values[key], err
	}},
	{"LoadThunk", func(l *entloader.Loader[int, int], ctx context.Context, key int) (int, error) {
		return l.LoadThunk(ctx, key)()
	}},
}
