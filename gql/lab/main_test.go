package lab_test

import (
	"testing"

	"go.uber.org/goleak"
)

// No request and no subscription leaves a goroutine behind, whoever ended it.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
