// Package entgql is an example: a GraphQL API with entgql, whose edges are loaded
// by loaders where entgql did not collect them.
package entgql
