package lab

// gqlgen's generator is pinned in a go.mod of its own, so that it is no requirement of those who use the library.
//go:generate go tool -modfile=../../.ci/tools/go.mod gqlgen generate
