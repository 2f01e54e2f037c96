//go:build ignore

package main

import (
	"log"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"

	"github.com/entloader/entloader/entloader/codegen"
)

func main() {
	graphql, err := entgql.NewExtension(
		entgql.WithConfigPath("./gqlgen.yml"),
		entgql.WithSchemaGenerator(),
		entgql.WithSchemaPath("./ent.graphql"),
	)
	if err != nil {
		log.Fatal(err)
	}
	loaders, err := codegen.NewExtension()
	if err != nil {
		log.Fatal(err)
	}
	// The order of the two does not matter. This runs in the directory above.
	if err := entc.Generate("./ent/schema", &gen.Config{}, entc.Extensions(graphql, loaders)); err != nil {
		log.Fatal(err)
	}
}
