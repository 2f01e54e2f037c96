//go:build ignore

package main

import (
	"log"

	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"
)

func options() []entc.Option { return nil }

func main() {
	if err := entc.Generate("./schema", &gen.Config{}, options()...); err != nil {
		log.Fatal(err)
	}
}
