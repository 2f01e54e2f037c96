//go:build ignore

package main

import (
	"log"

	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"

	"github.com/entloader/entloader/entloader/codegen"
)

func main() {
	loaders, err := codegen.NewExtension()
	if err != nil {
		log.Fatalf("creating the entloader extension: %v", err)
	}
	// Comments stay.
	if err := entc.Generate("./schema", &gen.Config{
		Features: []gen.Feature{
			gen.FeaturePrivacy, // the policy
		},
	}, entc.Extensions(loaders)); err != nil {
		log.Fatal(err)
	}
}
