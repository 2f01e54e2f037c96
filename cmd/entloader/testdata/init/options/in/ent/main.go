//go:build ignore

package main

import (
	"log"

	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"
)

type other struct{ entc.DefaultExtension }

func main() {
	ex := &other{}
	opts := []entc.Option{
		entc.FeatureNames("privacy"),
		entc.Extensions(
			ex, // the other one
		),
	}
	if err := entc.Generate("./schema", &gen.Config{}, opts...); err != nil {
		log.Fatal(err)
	}
}
