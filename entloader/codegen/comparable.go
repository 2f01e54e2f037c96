package codegen

import (
	"go/types"
	"sync"

	"golang.org/x/tools/go/packages"
)

// comparableType reports whether == is defined for a type of a package. A type
// that is not found is not.
func comparableType(pkg, name string, flags []string) bool {
	key := [2]string{pkg, name}
	if c, ok := comparables.Load(key); ok {
		return c.(bool)
	}
	c := false
	all, err := packages.Load(&packages.Config{Mode: packages.NeedName | packages.NeedTypes | packages.NeedExportFile, BuildFlags: flags}, pkg)
	if err == nil && len(all) == 1 && all[0].Types != nil {
		if o := all[0].Types.Scope().Lookup(name); o != nil {
			c = types.Comparable(o.Type())
		}
	}
	comparables.Store(key, c)
	return c
}

var comparables sync.Map // [2]string{package, type} → bool
