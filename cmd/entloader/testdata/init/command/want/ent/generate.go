// Package ent is the client of the database.
package ent

//go:generate go run -mod=mod entc.go
