package main

import (
	"testing"

	"go.uber.org/goleak"
)

// No server leaves a goroutine behind when it ends, nor does any other command.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
