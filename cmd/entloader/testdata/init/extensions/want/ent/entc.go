//go:build ignore

package main

import (
	"fmt"
	"log"
	"os"

	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"

	"github.com/entloader/entloader/entloader/codegen"
)

type other struct{ entc.DefaultExtension }

func main() {
	ex := other{}
	loaders, loadersErr := codegen.NewExtension()
	if loadersErr != nil {
		log.Fatalf("creating the entloader extension: %v", loadersErr)
	}
	err := entc.Generate("./schema", &gen.Config{},
		entc.FeatureNames("privacy"),
		entc.Extensions(ex, loaders),
	)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
