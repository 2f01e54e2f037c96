package ent

// NewLoaders is generated, too.
func NewLoaders() {}

// LoadersFromContext is a variable here.
var LoadersFromContext int
