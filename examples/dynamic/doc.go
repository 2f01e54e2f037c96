// Package dynamic is an example: a page of units, each with its newest open
// samples, how many are open, its last sample, and a figure that is computed in Go
// from two of these. What is a statement per unit and figure with plain queries
// is five statements for the page.
package dynamic
