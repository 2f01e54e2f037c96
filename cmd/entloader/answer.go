package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/entloader/entloader/gql/lab"
)

// answer executes one operation and writes each of its responses as one line of JSON.
func (d *demo) answer(ctx context.Context, db *database, stdout, stderr io.Writer) error {
	m := d.newMeter(stderr)
	responses, err := lab.Run(ctx, db.client(m), d.query, d.options()...)
	if err != nil {
		return err
	}
	out := json.NewEncoder(stdout)
	out.SetEscapeHTML(false)
	failed := 0
	for resp := range responses {
		failed += len(resp.Errors)
		if err := out.Encode(resp); err != nil {
			return fmt.Errorf("entloader: cannot write the answer: %w", err)
		}
	}
	if failed > 0 {
		fmt.Fprintf(stderr, "entloader: the answer has %d errors; see \"errors\" in it\n", failed)
		err = errReported
	}
	d.printCount(m, stderr)
	if ctx.Err() != nil {
		return fmt.Errorf("entloader: stopped: %w", ctx.Err())
	}
	return err
}

// newMeter returns a meter that does what the flags say.
func (d *demo) newMeter(stderr io.Writer) *meter {
	m := &meter{}
	if d.statements {
		m.print = stderr
	}
	return m
}

// printCount is to be called when all statements have been sent.
func (d *demo) printCount(m *meter, stderr io.Writer) {
	if d.statements {
		fmt.Fprintf(stderr, "statements: %d\n", m.count.Load())
	}
}
