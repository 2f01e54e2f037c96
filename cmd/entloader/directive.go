package main

import (
	"fmt"
	"strings"
)

// runProgram is the command that runs an entc.go.
const runProgram = "go run -mod=mod entc.go"

// An entCommand is what a go:generate comment has ent's own command do.
type entCommand struct {
	schema   string
	features []string
}

// directives are the lines of a file that go generate runs.
func directives(text string) []string {
	var found []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "//go:generate ") {
			found = append(found, strings.TrimRight(line, "\r\n"))
		}
	}
	return found
}

// parseDirective reads a comment that runs ent's own command:
//
//	//go:generate go run -mod=mod entgo.io/ent/cmd/ent generate --feature privacy,intercept ./schema
func parseDirective(line string) (c entCommand, err error) {
	words := strings.Fields(line)[1:]
	for _, want := range []string{"go", "run"} {
		if len(words) == 0 || words[0] != want {
			return c, fmt.Errorf("its go:generate comment does not run entgo.io/ent/cmd/ent")
		}
		words = words[1:]
	}
	for len(words) > 0 && strings.HasPrefix(words[0], "-mod=") {
		words = words[1:]
	}
	if len(words) < 2 || words[0] != "entgo.io/ent/cmd/ent" || words[1] != "generate" {
		return c, fmt.Errorf("its go:generate comment does not run entgo.io/ent/cmd/ent")
	}
	for words = words[2:]; len(words) > 0; words = words[1:] {
		name, value, ok := strings.Cut(words[0], "=")
		switch {
		case name == "--feature" && !ok && len(words) > 1:
			words = words[1:]
			value = words[0]
			fallthrough
		case name == "--feature" && value != "":
			c.features = append(c.features, strings.Split(value, ",")...)
		case strings.HasPrefix(name, "-"):
			return c, fmt.Errorf("flag %s of its go:generate comment has to become an option of entc", name)
		case c.schema != "":
			return c, fmt.Errorf("its go:generate comment names more than one schema")
		default:
			c.schema = words[0]
		}
	}
	if !strings.HasPrefix(c.schema, "./") && !strings.HasPrefix(c.schema, "../") {
		return c, fmt.Errorf("its go:generate comment does not name the directory of the schema")
	}
	return c, nil
}

// newProgram is the entc.go that does what the command did, with the extension.
func newProgram(c entCommand) string {
	options := "entc.Extensions(ex)"
	if len(c.features) > 0 {
		quoted := make([]string, len(c.features))
		for i, f := range c.features {
			quoted[i] = fmt.Sprintf("%q", f)
		}
		options = "entc.FeatureNames(" + strings.Join(quoted, ", ") + "), " + options
	}
	return fmt.Sprintf(`//go:build ignore

package main

import (
	"log"

	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"

	"github.com/entloader/entloader/entloader/codegen"
)

func main() {
	ex, err := codegen.NewExtension()
	if err != nil {
		log.Fatal(err)
	}
	if err := entc.Generate(%q, &gen.Config{}, %s); err != nil {
		log.Fatal(err)
	}
}
`, c.schema, options)
}
