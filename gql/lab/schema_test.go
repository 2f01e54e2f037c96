package lab_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	gqlast "github.com/vektah/gqlparser/v2/ast"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/gql/lab"
)

// An edge needs no resolver: those that there are resolve the fields of the roots.
func TestOnlyRootsHaveResolvers(t *testing.T) {
	t.Parallel()
	roots := []string{"Query", "Mutation", "Subscription"}

	file, err := parser.ParseFile(token.NewFileSet(), "schema.resolvers.go", nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	methods := map[string]int{}
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		require.NotNil(t, f.Recv, "%s is no method", f.Name)
		receiver := f.Recv.List[0].Type.(*ast.StarExpr).X.(*ast.Ident).Name
		if receiver == "Resolver" {
			require.Contains(t, roots, f.Name.Name)
			continue
		}
		methods[receiver]++
	}
	fields := map[string]int{}
	schema := lab.NewExecutableSchema(lab.Config{}).Schema()
	for _, root := range roots {
		for _, f := range schema.Types[root].Fields {
			if !strings.HasPrefix(f.Name, "__") {
				fields[strings.ToLower(root)+"Resolver"]++
			}
		}
	}
	require.Equal(t, fields, methods)

	// What gqlgen asks for, whichever file it is in.
	var asked []string
	for m := range reflect.TypeFor[lab.ResolverRoot]().Methods() {
		asked = append(asked, m.Name)
	}
	require.ElementsMatch(t, roots, asked)
}

// The laboratory is whole: every type of ent and every edge is in the schema.
func TestSchemaIsComplete(t *testing.T) {
	t.Parallel()
	schema := lab.NewExecutableSchema(lab.Config{}).Schema()
	client := reflect.TypeFor[ent.Client]()
	types := 0
	for f := range client.Fields() {
		name, ok := strings.CutSuffix(f.Type.String(), "Client")
		if !ok || f.Name != strings.TrimPrefix(name, "*ent.") {
			continue
		}
		types++
		def := schema.Types[f.Name]
		require.NotNil(t, def, f.Name)
		require.Equal(t, gqlast.Object, def.Kind)
		get, ok := f.Type.MethodByName("Query")
		require.True(t, ok)
		all, ok := get.Type.Out(0).MethodByName("All")
		require.True(t, ok)
		edges, ok := all.Type.Out(0).Elem().Elem().FieldByName("Edges")
		if !ok {
			require.Contains(t, []string{"Attachment", "Backlog"}, f.Name, "only these have no edges")
			continue
		}
		for edge := range edges.Type.Fields() {
			if edge.IsExported() {
				require.NotNil(t, def.Fields.ForName(strings.ToLower(edge.Name)), "%s.%s", f.Name, edge.Name)
			}
		}
	}
	require.Equal(t, 19, types)
}
