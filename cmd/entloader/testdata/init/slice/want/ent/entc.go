//go:build ignore

package main

import (
	ec "entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"
	"log"

	"github.com/entloader/entloader/entloader/codegen"
)

func main() {
	loaders, loadersErr := codegen.NewExtension()
	if loadersErr != nil {
		log.Fatalf("creating the entloader extension: %v", loadersErr)
	}
	opts := []ec.Option{ec.Extensions(loaders)}
	err := ec.Generate("./schema", &gen.Config{}, opts...)
	if err != nil {
		log.Fatal(err)
	}
}
