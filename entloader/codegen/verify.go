package codegen

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"entgo.io/ent/entc/gen"
)

// needs are the names that our templates take from the code that ent generates.
// ent promises none of them, so they are looked for, once, in what it wrote.
var needs = []struct{ file, text string }{
	{"ent.go", "func setContextOp("},
	{"ent.go", "func withInterceptors["},
	{"tx.go", "type txDriver struct"},
	{"client.go", "config struct {"},
	{"%s_query.go", ") sqlAll(ctx context.Context, hooks ...queryHook) ("},
	{"%s_query.go", ") prepareQuery(ctx context.Context) error"},
	{"%s.go", ") assignValues(columns []string, values []any) error"},
	{"%s_query.go", "ctx = entloaderSpec(ctx, _spec, "},
	{"%s_query.go", "entloaderNodes(ctx, nodes, "},
}

// verify reports what ent did not generate as the templates expect it. Without
// it the user would see compiler errors in generated code.
func (m *model) verify(g *gen.Graph) error {
	for _, t := range m.Types {
		if len(t.Type.Edges) == 0 {
			continue
		}
		for _, n := range needs {
			file := filepath.Join(g.Target, strings.ReplaceAll(n.file, "%s", t.PackageDir()))
			text, err := os.ReadFile(file)
			if err != nil {
				return fmt.Errorf("entloader: ent %s: %w", entVersion(g), err)
			}
			if !strings.Contains(string(text), n.text) {
				return fmt.Errorf("entloader: ent %s does not generate %q in %s, which the loaders need: use an ent version that this version of entloader supports (see its README)", entVersion(g), n.text, filepath.Base(file))
			}
		}
		return nil // the types are generated alike
	}
	return nil
}

func entVersion(g *gen.Graph) string {
	if v := g.ModuleInfo().Version; v != "" {
		return v
	}
	return "(of unknown version)"
}
