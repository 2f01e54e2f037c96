package loadertest

import "github.com/entloader/entloader/entloader/internal/limits"

// SetParameters sets how many keys a statement takes where it passes them as one
// parameter each, which PostgreSQL and MariaDB do: a test that lowers it sees
// that no answer depends on how a list of keys is cut. It returns how many there
// were before, 20,000 by default, and holds for the whole process.
func SetParameters(n int) (before int) { return int(limits.Parameters.Swap(int64(n))) }
