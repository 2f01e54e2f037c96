//go:build ignore

package main

import (
	"log"

	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"
)

func main() {
	if err := generate("./schema"); err != nil {
		log.Fatal(err)
	}
}

func generate(path string) error { return entc.Generate(path, &gen.Config{}) }
