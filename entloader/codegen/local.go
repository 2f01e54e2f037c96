package codegen

import (
	"slices"
	"strings"

	"entgo.io/ent/entc/gen"
)

// taken are the names that generated code has for packages, parameters and
// variables of its own. A test compares them with what is generated.
var taken = []string{
	"answer", "atomic", "by", "c", "client", "context", "ctx", "d", "dialect", "driver", "drv", "e", "ent", "entities",
	"entloader", "err", "field", "fk", "fmt", "h", "hook", "http", "i", "inters", "k", "key", "l", "label", "many",
	"maps", "missing", "n", "name", "next", "nodes", "ok", "one", "op", "opt", "opts", "own", "p", "params", "place", "q", "qc",
	"qr", "query", "r", "returned", "s", "sc", "scanned", "set", "slices", "spec", "sqlgraph", "strings", "time", "tx",
	"unsafe", "v", "view", "w", "with",
}

// localName is what generated code calls a package: a type Set has a package
// set, which a variable set would hide.
func localName(pkg string) string {
	if slices.Contains(taken, pkg) {
		return "ent" + pkg
	}
	return pkg
}

// Package is what generated code calls the package of the type.
func (t *typeModel) Package() string { return localName(t.Type.Package()) }

// typeName is what generated code calls the type of a field.
func typeName(f *gen.Field) string { return localType(f.Type.PkgPath, f.Type.String()) }

// localType is what generated code calls a type, or a variable, of a package.
func localType(path, name string) string {
	if pkg, rest, ok := strings.Cut(name, "."); ok && path != "time" && name != "time.Time" {
		return localName(pkg) + "." + rest
	}
	return name
}

// Packages are those of the types.
func (m *model) Packages() (all []importModel) {
	for _, n := range m.graph.Nodes {
		i := importModel{Alias: localName(n.Package()), Path: n.Config.Package + "/" + n.PackageDir()}
		if i.Alias == n.PackageDir() {
			i.Alias = ""
		}
		all = append(all, i)
	}
	return all
}
