//go:build ignore

package main

import (
	"log"

	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"

	"github.com/entloader/entloader/entloader/codegen"
)

func main() {
	ex, err := codegen.NewExtension(codegen.WithGraphQLMethods())
	if err != nil {
		log.Fatal(err)
	}
	err = entc.Generate("./schema", &gen.Config{
		Features: []gen.Feature{
			gen.FeatureIntercept, // soft delete and the default limit of notes
			gen.FeaturePrivacy,   // the policy of incidents
			gen.FeatureModifier,  // options with Modify
			gen.FeatureLock,      // options with row locks
		},
	}, entc.Extensions(ex))
	if err != nil {
		log.Fatalf("running ent codegen: %v", err)
	}
}
