package gql_test

import (
	"testing"

	"go.uber.org/goleak"
)

// No operation and no event of a subscription leaves a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
