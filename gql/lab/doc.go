// Package lab is a GraphQL server over the reference schema. The demo, the tests and the examples share it.
//
// Its resolvers are those of Query, Mutation and Subscription, nothing else: every edge in schema.graphql binds to the
// method of the same name that entloader generated into package ent.
//
// Clients say who they are in the headers X-Viewer, a name, and X-Viewer-Admin, which is "true" for those who may see
// confidential incidents. The laboratory believes them; a real server would not.
package lab
