// Package schema is a laboratory: units send in samples, of which results are measured.
package schema
