package entloader

// rows are what a relation brings for one key: a part of the rows of a batch, which
// are a list of T, or how many there are. They do not say which in their type: the
// compiler makes all the code of a loader once per type that it brings, and a
// package has many entities.
type rows struct {
	all      any   // []T of the batch; nil where there is no answer, or a number
	from, to int32 // the part of all, or the halves of the number
}

// rowsOf returns rows that are all of a list.
func rowsOf[T any](list []T) rows {
	if list == nil {
		list = []T{}
	}
	return rows{all: list, to: int32(len(list))}
}

// listOf returns rows as a list that is clipped, so that an append by one caller is
// not seen by another. It is nil only where there is no answer.
func listOf[T any](r rows) []T {
	all, _ := r.all.([]T)
	return all[r.from:r.to:r.to]
}

func listsOf[T any](groups []rows) [][]T {
	lists := make([][]T, len(groups))
	for i := range groups {
		lists[i] = listOf[T](groups[i])
	}
	return lists
}

func (r rows) len() int { return int(r.to - r.from) }

// numbered returns n rows of which nothing but their number is known.
func numbered(n int) rows { return rows{from: int32(int64(n) >> 32), to: int32(n)} }

// number returns what numbered was given.
func (r rows) number() int { return int(int64(r.from)<<32 | int64(uint32(r.to))) }
