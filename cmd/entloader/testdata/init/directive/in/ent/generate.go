package ent

//go:generate go run ../tools/generate
