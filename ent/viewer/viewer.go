// Package viewer carries who is asking through a context, for the privacy policies of the reference schema.
package viewer

import "context"

// Viewer is the person on whose behalf a query runs. It is comparable: two equal viewers see the same rows.
// The zero Viewer is an anonymous one without any rights.
type Viewer struct {
	// Name identifies the viewer in logs. No policy reads it.
	Name string
	// Admin viewers see confidential incidents.
	Admin bool
}

type contextKey struct{}

// NewContext returns a context under which queries run on behalf of v.
func NewContext(ctx context.Context, v Viewer) context.Context {
	return context.WithValue(ctx, contextKey{}, v)
}

// FromContext returns the viewer of ctx, or the zero Viewer if ctx has none.
func FromContext(ctx context.Context) Viewer {
	v, _ := ctx.Value(contextKey{}).(Viewer)
	return v
}
