package main

import (
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
)

const (
	entcPath    = "entgo.io/ent/entc"
	codegenPath = "github.com/entloader/entloader/entloader/codegen"
)

// A program is a file that calls entc.Generate. It is changed by inserting text, so
// that all else stays as it is.
type program struct {
	path, text string
	file       *ast.File
	set        *token.FileSet
	inserts    []insert
}

type insert struct {
	at   int
	text string
}

// extendProgram adds the extension to a program. The change changes nothing if it is
// there already. A program that is not understood is an error.
func extendProgram(path, text string) (change, error) {
	p := &program{path: path, text: text, set: token.NewFileSet()}
	c := change{path: path, old: text, new: text}
	var err error
	if p.file, err = parser.ParseFile(p.set, path, text, parser.ParseComments|parser.SkipObjectResolution); err != nil {
		return c, notUnderstood(path, "it is no valid Go: "+err.Error())
	}
	if p.importName(codegenPath) != "" {
		return c, nil
	}
	if err := p.extend(); err != nil {
		return c, notUnderstood(path, err.Error())
	}
	slices.SortStableFunc(p.inserts, func(a, b insert) int { return b.at - a.at })
	for _, i := range p.inserts {
		c.new = c.new[:i.at] + i.text + c.new[i.at:]
	}
	// A file that was not formatted is not formatted for the occasion.
	if before, err := format.Source([]byte(text)); err == nil && string(before) == text {
		after, err := format.Source([]byte(c.new))
		if err != nil {
			return c, notUnderstood(path, "the extension does not fit in: "+err.Error())
		}
		c.new = string(after)
	}
	return c, nil
}

// importName is the name by which the file knows a package, empty if it does not
// import it.
func (p *program) importName(pkg string) string {
	for _, i := range p.file.Imports {
		if i.Path.Value == strconv.Quote(pkg) {
			if i.Name != nil {
				return i.Name.Name
			}
			return path.Base(pkg)
		}
	}
	return ""
}

// extend notes what to insert.
func (p *program) extend() error {
	main := p.mainFunc()
	if main == nil {
		return fmt.Errorf("it has no func main")
	}
	at, call, err := p.generate(main)
	if err != nil {
		return err
	}
	if p.uses("codegen") {
		return fmt.Errorf("it uses the name codegen for something else")
	}
	name := "loaders"
	if p.uses(name) {
		return fmt.Errorf("it uses the name loaders for something else")
	}
	// The extension is made before the options that hold it.
	if at, err = p.addTo(main, at, call, name); err != nil {
		return err
	}
	errName := "err"
	if declaresAlone(main.Body.List[at:], errName) {
		errName = "loadersErr"
	}
	logName, imports := p.importName("log"), []string{codegenPath}
	if logName == "" {
		if p.uses("log") {
			return fmt.Errorf("it uses the name log for something else")
		}
		logName, imports = "log", append(imports, "log")
	}
	p.insert(p.start(main.Body.List[at]), fmt.Sprintf("%s, %s := codegen.NewExtension()\n\tif %[2]s != nil {\n\t\t%s.Fatalf(\"creating the entloader extension: %%v\", %[2]s)\n\t}\n\t", name, errName, logName))
	return p.addImports(imports)
}

func (p *program) mainFunc() *ast.FuncDecl {
	for _, d := range p.file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == "main" && f.Recv == nil && p.file.Name.Name == "main" {
			return f
		}
	}
	return nil
}

// generate finds the one call of entc.Generate, and the statement of main that it is
// part of.
func (p *program) generate(main *ast.FuncDecl) (at int, call *ast.CallExpr, err error) {
	all, inMain := p.calls(p.file, "Generate"), p.calls(main, "Generate")
	switch {
	case len(all) == 0:
		return 0, nil, fmt.Errorf("it does not call entc.Generate")
	case len(all) > 1:
		return 0, nil, fmt.Errorf("it calls entc.Generate more than once")
	case len(inMain) == 0:
		return 0, nil, fmt.Errorf("it calls entc.Generate outside of main")
	}
	for i, s := range main.Body.List {
		if calls := p.calls(s, "Generate"); len(calls) == 1 {
			switch s.(type) {
			case *ast.ExprStmt, *ast.AssignStmt, *ast.IfStmt:
				return i, calls[0], nil
			}
		}
	}
	return 0, nil, fmt.Errorf("entc.Generate is called in a statement of a kind that is not known")
}

// calls are the calls of a function of entc within n.
func (p *program) calls(n ast.Node, name string) (found []*ast.CallExpr) {
	pkg := p.importName(entcPath)
	ast.Inspect(n, func(n ast.Node) bool {
		if c, ok := n.(*ast.CallExpr); ok {
			if s, ok := c.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == name {
				if x, ok := s.X.(*ast.Ident); ok && x.Name == pkg {
					found = append(found, c)
				}
			}
		}
		return true
	})
	return found
}

// addTo adds the extension to the options of the call. It returns the statement of
// main that the extension has to be made before.
func (p *program) addTo(main *ast.FuncDecl, at int, call *ast.CallExpr, name string) (int, error) {
	if len(call.Args) < 2 {
		return 0, fmt.Errorf("its call of entc.Generate lacks arguments")
	}
	options, end := call.Args[2:], call.Rparen
	if call.Ellipsis.IsValid() {
		// entc.Generate(…, opts...), with opts := []entc.Option{…} in main.
		id, ok := call.Args[len(call.Args)-1].(*ast.Ident)
		if !ok || len(options) != 1 {
			return 0, fmt.Errorf("the options of entc.Generate come from an expression")
		}
		var list *ast.CompositeLit
		if at, list = p.slice(main, id.Name); list == nil {
			return 0, fmt.Errorf("the options of entc.Generate are not a slice literal %s := []entc.Option{…} in main", id.Name)
		}
		options, end = list.Elts, list.Rbrace
	}
	for _, o := range options {
		if c, ok := o.(*ast.CallExpr); ok && slices.Contains(p.calls(o, "Extensions"), c) {
			if c.Ellipsis.IsValid() {
				return 0, fmt.Errorf("entc.Extensions is given a slice")
			}
			p.append(c.Args, c.Rparen, name)
			return at, nil
		}
	}
	text := p.importName(entcPath) + ".Extensions(" + name + ")"
	if !call.Ellipsis.IsValid() {
		options = call.Args // which has two at least
	}
	p.append(options, end, text)
	return at, nil
}

// slice finds the statement of main that declares the options, if nothing else sets
// them.
func (p *program) slice(main *ast.FuncDecl, name string) (at int, list *ast.CompositeLit) {
	for i, s := range main.Body.List {
		a, ok := s.(*ast.AssignStmt)
		if !ok || len(a.Lhs) != 1 || len(a.Rhs) != 1 {
			continue
		}
		if id, ok := a.Lhs[0].(*ast.Ident); !ok || id.Name != name {
			continue
		}
		if a.Tok == token.DEFINE {
			at = i
			list, _ = a.Rhs[0].(*ast.CompositeLit)
		}
	}
	return at, list
}

// append adds an element behind the last one of a list that ends at end.
func (p *program) append(list []ast.Expr, end token.Pos, text string) {
	if len(list) == 0 {
		p.insert(end, text)
		return
	}
	last := list[len(list)-1].End()
	if p.set.Position(last).Line == p.set.Position(end).Line {
		p.insert(last, ", "+text)
		return
	}
	// There is a comma behind the last one, and maybe a comment.
	p.insert(end, "\t"+text+",\n\t")
}

// addImports adds packages to the first import declaration.
func (p *program) addImports(paths []string) error {
	for _, d := range p.file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.IMPORT {
			continue
		}
		if !g.Rparen.IsValid() {
			return fmt.Errorf("its imports do not stand in parentheses")
		}
		p.insert(g.Rparen, "\n\t"+strconv.Quote(paths[0])+"\n")
		if len(paths) > 1 {
			sep := "\n\t"
			if first := g.Specs[0].(*ast.ImportSpec); strings.Contains(first.Path.Value, ".") || first.Name != nil {
				sep = "\n\n\t" // the first group is not that of the standard library
			}
			p.insert(g.Specs[0].Pos(), strconv.Quote(paths[1])+sep)
		}
		return nil
	}
	return fmt.Errorf("it has no imports")
}

// start is where a statement begins, with the comment above it.
func (p *program) start(s ast.Stmt) token.Pos {
	line := p.set.Position(s.Pos()).Line
	for _, c := range p.file.Comments {
		if p.set.Position(c.End()).Line == line-1 && p.set.Position(c.Pos()).Column == p.set.Position(s.Pos()).Column {
			return c.Pos()
		}
	}
	return s.Pos()
}

func (p *program) insert(pos token.Pos, text string) {
	p.inserts = append(p.inserts, insert{p.set.Position(pos).Offset, text})
}

// uses reports whether the file uses an identifier, other than for a package that it
// knows by its own name.
func (p *program) uses(name string) bool {
	found := false
	ast.Inspect(p.file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			id, ok := s.X.(*ast.Ident)
			found = found || ok && id.Name == name
			return !ok // what is selected does not count
		}
		if id, ok := n.(*ast.Ident); ok && id.Name == name {
			found = true
		}
		return !found
	})
	for _, i := range p.file.Imports {
		base, _ := strconv.Unquote(i.Path.Value)
		found = found || path.Base(base) == name
	}
	return found
}

// declaresAlone reports whether a statement declares a variable and no other, for
// which it must not be declared before.
func declaresAlone(list []ast.Stmt, name string) bool {
	for _, s := range list {
		if a, ok := s.(*ast.AssignStmt); ok && a.Tok == token.DEFINE && !slices.ContainsFunc(a.Lhs, func(x ast.Expr) bool {
			id, ok := x.(*ast.Ident)
			return !ok || id.Name != name && id.Name != "_"
		}) {
			return true
		}
		if d, ok := s.(*ast.DeclStmt); ok && slices.Contains(names(d), name) {
			return true
		}
	}
	return false
}

// names are the variables that a declaration declares.
func names(d *ast.DeclStmt) (all []string) {
	for _, s := range d.Decl.(*ast.GenDecl).Specs {
		if v, ok := s.(*ast.ValueSpec); ok {
			for _, n := range v.Names {
				all = append(all, n.Name)
			}
		}
	}
	return all
}
