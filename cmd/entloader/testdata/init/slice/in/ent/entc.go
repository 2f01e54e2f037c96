//go:build ignore

package main

import (
	ec "entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"
	"log"
)

func main() {
	opts := []ec.Option{}
	err := ec.Generate("./schema", &gen.Config{}, opts...)
	if err != nil {
		log.Fatal(err)
	}
}
