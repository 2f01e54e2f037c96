//go:build ignore

package main

import (
	"fmt"
	"os"

	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"
)

type other struct{ entc.DefaultExtension }

func main() {
	ex := other{}
	err := entc.Generate("./schema", &gen.Config{},
		entc.FeatureNames("privacy"),
		entc.Extensions(ex),
	)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
