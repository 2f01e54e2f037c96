package ent

//go:generate go run -mod=mod entgo.io/ent/cmd/ent generate --feature privacy,intercept --feature=sql/lock ./schema
