// Package schema is the reference schema of entloader: a laboratory whose units (wards, departments, clients'
// sites) send in samples, which technicians measure on instruments.
//
// It is the ground on which the loaders are tested, so that every kind of edge that ent has occurs in it. The comment
// above an edge names its kind and says where its foreign key is:
//
//   - a schema field: the key is an exported field of the entity, set by Field on the edge;
//   - hidden: the key is a column that only the edge knows, and that ent does not read unless asked;
//   - a join table, or an edge schema in its place.
//
// Interceptors, hooks and policies need the generated packages: whoever opens a client imports ent/runtime.
package schema
