package entloader_test

import (
	"testing"
	"testing/synctest"
)

// The operations of the model, chosen by bytes: coverage finds interleavings
// that chance does not.
func FuzzModel(f *testing.F) {
	for _, seed := range []string{
		"",
		// The header: uncached, obedient, parallel, max batch. Then operations.
		"\x01\x00\x00\x00" + "\x00\x01\x00" + "\x0c" + "\x0e\x00",                                   // load, time, its fetch ends
		"\x01\x01\x00\x00" + "\x00\x01\x00" + "\x08\x01" + "\x00\x01\x00" + "\x0c\x0e\x00\x0e\x00",  // load, clear, load
		"\x01\x01\x03\x00" + "\x00\x01\x00" + "\x0c" + "\x00\x01\x01" + "\x0c" + "\x07\x01",         // two viewers, prime
		"\x01\x00\x03\x00" + "\x00\x01\x00" + "\x0c" + "\x0b\x00" + "\x00\x01\x00" + "\x0c\x0e\x00", // load, cancel, load
		"\x00\x01\x00\x02" + "\x04\x03\x00\x01\x01\x00" + "\x0c" + "\x0d\x00\x04" + "\x0e\x00",      // loadAll, panic
		"\x01\x01\x00\x01" + "\x05\x02\x01" + "\x05\x02\x00" + "\x0d\x00\x05" + "\x06\x00\x06\x00",  // thunks, Goexit
		"\x01\x01\x01\x00" + "\x07\x02" + "\x05\x02\x01" + "\x06\x00" + "\x09" + "\x0a",             // prime, thunk
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, ops []byte) {
		if len(ops) > 400 {
			ops = ops[:400]
		}
		synctest.Test(t, func(t *testing.T) {
			// Where the bytes end every choice is the first, that of a load: the
			// steps are bounded by the bytes that are left.
			next := 0
			runModel(t, len(ops)/3, func(_ string, n int) int {
				if next == len(ops) {
					return 0
				}
				next++
				return int(ops[next-1]) % n
			})
		})
	})
}
