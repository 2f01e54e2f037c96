// Package ent is the client of the database.
package ent

//go:generate go run -mod=mod entgo.io/ent/cmd/ent generate ./schema
