//go:build ignore

package main

import (
	"log"

	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"

	"github.com/entloader/entloader/entloader/codegen"
)

type other struct{ entc.DefaultExtension }

func main() {
	ex := &other{}
	loaders, err := codegen.NewExtension()
	if err != nil {
		log.Fatalf("creating the entloader extension: %v", err)
	}
	opts := []entc.Option{
		entc.FeatureNames("privacy"),
		entc.Extensions(
			ex, // the other one
			loaders,
		),
	}
	if err := entc.Generate("./schema", &gen.Config{}, opts...); err != nil {
		log.Fatal(err)
	}
}
