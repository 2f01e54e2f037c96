package entloader_test

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/entloader/entloader/entloader"
)

// A price service with a bulk call, used from a loop over the lines of an order:
// one call for all of them.
func ExampleEach() {
	prices := entloader.NewLoader(func(_ context.Context, articles []string) (map[string]int, error) {
		fmt.Println("asked for", len(articles), "prices")
		found := make(map[string]int)
		for _, a := range articles {
			found[a] = len(a)
		}
		return found, nil
	})
	lines := []string{"screw", "nut", "hammer"}
	totals := make([]int, len(lines))
	err := entloader.Each(context.Background(), []int{0, 1, 2}, func(ctx context.Context, i int) error {
		price, err := prices.Load(ctx, lines[i])
		totals[i] = 10 * price
		return err
	})
	fmt.Println(totals, err)
	// Output:
	// asked for 3 prices
	// [50 30 60] <nil>
}

// A service without a bulk call: at most two requests at the same time. An error
// is that of its key alone.
func ExamplePerKey() {
	users := entloader.NewLoader(entloader.PerKey(2, func(_ context.Context, id int) (string, error) {
		if id == 13 {
			return "", fmt.Errorf("user %d is locked", id)
		}
		return fmt.Sprint("user ", id), nil
	}), entloader.WithName("users"))
	names, err := users.LoadAll(context.Background(), []int{1, 13, 2})
	fmt.Printf("%q\n%v\n", names, err)
	// Output:
	// ["user 1" "" "user 2"]
	// key 13: entloader: users: user 13 is locked
}

// One-to-many: rows come in any order and are grouped by their key. What is
// loaded is shared, so a result that needs work gets a copy.
func ExampleNewGroupLoader() {
	type comment struct{ post, text string }
	comments := entloader.NewGroupLoader(func(_ context.Context, posts []string) ([]comment, error) {
		return []comment{{"b", "second"}, {"a", "first"}, {"b", "first"}}, nil
	}, func(c comment) string { return c.post })
	groups, err := comments.LoadMap(context.Background(), []string{"a", "b", "c"})
	if err != nil {
		fmt.Println(err)
		return
	}
	sorted := slices.SortedFunc(slices.Values(groups["b"]), func(x, y comment) int { return strings.Compare(x.text, y.text) })
	fmt.Println(sorted, len(groups["a"]), groups["c"] != nil)
	// Output: [{b first} {b second}] 1 true
}

// A family of loaders by params, in the loaders of the request.
func ExampleDefineBy() {
	offices := entloader.DefineBy("offices", func(_ context.Context, open bool) *entloader.Loader[string, int] {
		return entloader.NewLoader(func(_ context.Context, cities []string) (map[string]int, error) {
			found := make(map[string]int)
			for _, c := range cities {
				if open {
					found[c] = len(c)
				}
			}
			return found, nil
		})
	})
	ctx := entloader.NewLoadersContext(context.Background(), entloader.NewLoaders())
	n, err := offices.From(ctx, true).Load(ctx, "Bern")
	fmt.Println(n, err)
	_, err = offices.From(ctx, false).Load(ctx, "Bern")
	fmt.Println(err)
	// Output:
	// 4 <nil>
	// entloader: offices: no answer for this key
}

// A single goroutine collects keys first and waits later.
func ExampleLoaderBy_LoadThunk() {
	squares := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
		fmt.Println("one fetch for", len(keys))
		found := make(map[int]int)
		for _, k := range keys {
			found[k] = k * k
		}
		return found, nil
	})
	var thunks []func() (int, error)
	for i := range 3 {
		thunks = append(thunks, squares.LoadThunk(context.Background(), i+1))
	}
	for _, thunk := range thunks {
		fmt.Println(thunk())
	}
	// Output:
	// one fetch for 3
	// 1 <nil>
	// 4 <nil>
	// 9 <nil>
}
