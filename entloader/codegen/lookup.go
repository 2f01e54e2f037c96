package codegen

import (
	"go/types"
	"sync"

	"golang.org/x/tools/go/packages"
)

// lookUp returns a type of a package, nil if it is not found.
func lookUp(pkg, name string, flags []string) types.Type {
	key := [2]string{pkg, name}
	if t, ok := lookedUp.Load(key); ok {
		return t.(foundType).Type
	}
	var t foundType
	all, err := packages.Load(&packages.Config{Mode: packages.NeedName | packages.NeedTypes | packages.NeedExportFile, BuildFlags: flags}, pkg)
	if err == nil && len(all) == 1 && all[0].Types != nil {
		if o := all[0].Types.Scope().Lookup(name); o != nil {
			t.Type = o.Type()
		}
	}
	lookedUp.Store(key, t)
	return t.Type
}

var lookedUp sync.Map // [2]string{package, type} → foundType

// A foundType is a type, nil if there is none.
type foundType struct{ types.Type }
