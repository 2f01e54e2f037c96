package codegen

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A name of generated code that could be that of a schema's package has to be in
// taken. The reference schema has code of every kind.
func TestLocalNamesAreTaken(t *testing.T) {
	files, err := filepath.Glob("../../ent/entloader*.go")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	found := make(map[string]bool)
	note := func(ids ...*ast.Ident) {
		for _, id := range ids {
			if id.Name != "_" && id.Name == strings.ToLower(id.Name) && !strings.Contains(id.Name, "_") {
				found[id.Name] = true
			}
		}
	}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		require.NoError(t, err)
		for _, i := range f.Imports {
			p := strings.Trim(i.Path.Value, `"`)
			if keys := p == "github.com/google/uuid" || p == "net"; !keys && !strings.HasPrefix(p, "github.com/entloader/entloader/ent/") {
				found[path.Base(p)] = true
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncType:
				for _, list := range []*ast.FieldList{n.Params, n.Results} {
					if list != nil {
						for _, p := range list.List {
							note(p.Names...)
						}
					}
				}
			case *ast.FuncDecl:
				if n.Recv != nil {
					note(n.Recv.List[0].Names...)
				}
			case *ast.AssignStmt:
				if n.Tok == token.DEFINE {
					for _, x := range n.Lhs {
						note(x.(*ast.Ident))
					}
				}
			case *ast.RangeStmt:
				for _, x := range []ast.Expr{n.Key, n.Value} {
					if id, ok := x.(*ast.Ident); ok {
						note(id)
					}
				}
			case *ast.DeclStmt:
				for _, s := range n.Decl.(*ast.GenDecl).Specs {
					if s, ok := s.(*ast.ValueSpec); ok {
						note(s.Names...)
					}
				}
			}
			return true
		})
	}
	require.Greater(t, len(found), 20)
	for _, n := range taken {
		delete(found, n)
	}
	require.Empty(t, slices.Sorted(maps.Keys(found)), "names that are missing in taken")
}
