// Package limits holds limits of databases that tests lower, to see that no answer
// depends on them.
package limits

import "sync/atomic"

// Parameters is how many keys a statement takes that passes them one parameter each.
// SQLite takes 32,766 parameters (SQLITE_MAX_VARIABLE_NUMBER), PostgreSQL and MySQL
// 65,535; the rest is for the options.
var Parameters atomic.Int64

// JSON is how many bytes a list of keys has at most that is passed to SQLite as one
// argument. SQLite takes 1,000,000,000 bytes (SQLITE_MAX_LENGTH).
var JSON atomic.Int64

func init() {
	Parameters.Store(20_000)
	JSON.Store(256 << 20)
}
