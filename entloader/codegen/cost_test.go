package codegen_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/entc/gen"
	"entgo.io/ent/entc/load"
	"entgo.io/ent/schema/field"
	"github.com/stretchr/testify/require"
)

// What the generated code costs, on a schema of 90 types and 330 edges.
const (
	costTypes = 90
	costEdges = 330
	// maxLines is how many generated lines an edge may cost, what its type and its
	// keys add included.
	maxLines = 60
)

// costSchema is a schema of n types as large applications have it: two thirds of
// the edges are O2M and M2O, half of these with a foreign key that is a field.
func costSchema(n int) []*load.Schema {
	types := make([]*load.Schema, n)
	share := func(edges int) int { return edges * n / costTypes }
	info := func(t field.Type) *field.TypeInfo { return &field.TypeInfo{Type: t} }
	for i := range types {
		t := &load.Schema{Name: fmt.Sprintf("Type%02d", i), Fields: []*load.Field{
			{Name: "name", Info: info(field.TypeString)},
			{Name: "amount", Info: info(field.TypeInt)},
			{Name: "price", Info: info(field.TypeFloat64), Optional: true},
			{Name: "active", Info: info(field.TypeBool)},
			{Name: "created_at", Info: info(field.TypeTime)},
			{Name: "closed_at", Info: info(field.TypeTime), Optional: true, Nillable: true},
		}}
		switch {
		case i%10 == 0:
			t.Fields = append(t.Fields, &load.Field{Name: "id", Info: info(field.TypeString)})
		case i%10 == 5:
			t.Fields = append(t.Fields, &load.Field{Name: "id", Info: info(field.TypeInt64)})
		}
		if i%3 == 0 {
			t.Fields = append(t.Fields, &load.Field{Name: "code", Info: info(field.TypeString), Unique: true})
		}
		if i%6 == 1 {
			t.Indexes = append(t.Indexes, &load.Index{Unique: true, Fields: []string{"name", "amount"}})
		}
		types[i] = t
	}
	named := 0 // names differ
	edge := func(from, to *load.Schema, e load.Edge) *load.Edge {
		named++
		e.Name, e.Type = fmt.Sprintf("edge%d", named), to.Name
		from.Edges = append(from.Edges, &e)
		return &e
	}
	pair := func(i, step int, many, backMany bool) (back *load.Edge, holder *load.Schema) {
		from, to := types[i%n], types[(i+step)%n]
		e := edge(from, to, load.Edge{Unique: !many})
		back = edge(to, from, load.Edge{Inverse: true, RefName: e.Name, Unique: !backMany})
		return back, to
	}
	for i := range share(110) { // O2M and M2O
		back, holder := pair(i, 1+i/n, true, false)
		if i%2 == 0 {
			target := types[i%n]
			key := &load.Field{Name: fmt.Sprintf("key%d", i), Info: info(field.TypeInt), Optional: i%4 == 0, Nillable: i%8 == 0}
			for _, f := range target.Fields {
				if f.Name == "id" {
					key.Info = f.Info
				}
			}
			back.Field, back.Required = key.Name, !key.Optional
			holder.Fields = append(holder.Fields, key)
		}
	}
	for i := range share(10) { // trees
		pair(9*i, 0, true, false)
	}
	for i := range share(15) { // O2O
		pair(6*i, 7, false, false)
	}
	for i := range share(24) { // M2M
		pair(3*i+1, 11, true, true)
	}
	for i := range share(6) { // M2M of a type and itself, both ways
		edge(types[8*i%n], types[8*i%n], load.Edge{})
	}
	for i := range share(6) { // without an inverse
		edge(types[(8*i+3)%n], types[(8*i+9)%n], load.Edge{Unique: i%2 == 0})
	}
	return types
}

// A costProject is a project with the schema: package plain is what ent generates,
// package ent the same with the extension.
type costProject struct {
	*project
	round int
}

var costPackages = []string{"plain", "ent"}

func newCostProject(t testing.TB) *costProject {
	t.Helper()
	return &costProject{project: newProject(t, "example.com/cost")}
}

// generate generates a package, plain or ent.
func (p *costProject) generate(t testing.TB, pkg string) {
	t.Helper()
	storage, err := gen.NewStorage("sql")
	require.NoError(t, err)
	config := &gen.Config{
		Package: p.path + "/" + pkg, Target: filepath.Join(p.dir, pkg),
		Storage: storage, IDType: &field.TypeInfo{Type: field.TypeInt},
	}
	if pkg == "ent" {
		require.NoError(t, extension(t)(config))
	}
	types := costTypes
	if testing.Short() {
		types /= 5
	}
	g, err := gen.NewGraph(config, costSchema(types)...)
	require.NoError(t, err)
	edges := 0
	for _, n := range g.Nodes {
		edges += len(n.Edges)
	}
	require.Len(t, g.Nodes, types)
	if types == costTypes {
		require.Equal(t, costEdges, edges)
	}
	require.NoError(t, g.Gen())
}

// lines counts the lines of package ent that are there because of the extension.
func (p *costProject) lines() (n int) {
	p.t.Helper()
	files, err := filepath.Glob(filepath.Join(p.dir, "ent", "*.go"))
	require.NoError(p.t, err)
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(p.t, err)
		own := strings.HasPrefix(filepath.Base(name), "entloader")
		for line := range strings.Lines(string(text)) {
			if own || strings.Contains(line, "entloader") {
				n++
			}
		}
	}
	return n
}

// build compiles a package, and nothing else, since it is not the one of last time.
// It returns how long that took, and the time of all processors.
func (p *costProject) build(t testing.TB, pkg string) (wall, cpu time.Duration) {
	t.Helper()
	p.round++
	p.write(pkg+"/round.go", fmt.Sprintf("package %s\n\nconst round = %d\n", pkg, p.round))
	cmd := exec.Command("go", "build", "./"+pkg)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod")
	start := time.Now()
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return time.Since(start), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}

func TestGeneratedLines(t *testing.T) {
	if testing.Short() {
		t.Skip("generates a large schema; leave out -short to run it")
	}
	p := newCostProject(t)
	p.generate(t, "ent")
	perEdge := float64(p.lines()) / costEdges
	t.Logf("%d lines, %.1f per edge", p.lines(), perEdge)
	require.Positive(t, p.lines())
	require.LessOrEqual(t, perEdge, float64(maxLines))
}

// What the extension adds to the time of the code generation and its allocations,
// and to the time that the package takes to compile; and what the loaders of a
// request cost. One round takes minutes: the packages have 350,000 lines. With
// -short they have a fifth of that.
func BenchmarkCost(b *testing.B) {
	p := newCostProject(b)
	for _, pkg := range costPackages {
		b.Run("generate/"+pkg, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.generate(b, pkg)
			}
		})
		if _, err := os.Stat(filepath.Join(p.dir, pkg)); err != nil { // -bench leaves that one out
			p.generate(b, pkg)
		}
		p.run(append([]string{"build"}, p.imports(pkg)...)...)
	}
	b.Run("build", func(b *testing.B) {
		wall, cpu := make(map[string][]float64), make(map[string][]float64)
		for b.Loop() {
			for _, pkg := range costPackages { // in turn
				w, c := p.build(b, pkg)
				wall[pkg], cpu[pkg] = append(wall[pkg], w.Seconds()), append(cpu[pkg], c.Seconds())
			}
		}
		for _, pkg := range costPackages {
			b.ReportMetric(median(wall[pkg]), "s/"+pkg)
			b.ReportMetric(median(cpu[pkg]), "cpu-s/"+pkg)
		}
		b.ReportMetric(median(wall["ent"])/median(wall["plain"]), "ratio")
		b.ReportMetric(median(cpu["ent"])/median(cpu["plain"]), "cpu-ratio")
	})
	b.Run("NewLoaders", func(b *testing.B) {
		p.write("main.go", newLoadersMain)
		var ns, bytes, allocs float64
		for b.Loop() {
			_, err := fmt.Sscan(p.run("run", "."), &ns, &bytes, &allocs)
			require.NoError(b, err)
		}
		b.ReportMetric(ns, "ns/request")
		b.ReportMetric(bytes, "B/request")
		b.ReportMetric(allocs, "allocs/request")
	})
}

// newLoadersMain prints what it costs to make the loaders of a request: the best of
// three.
const newLoadersMain = `package main

import (
	"context"
	"fmt"
	"testing"

	"example.com/cost/ent"
)

func main() {
	client := ent.NewClient()
	ctx := context.Background()
	var best testing.BenchmarkResult
	for range 3 {
		r := testing.Benchmark(func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ctx = ent.NewLoadersContext(context.Background(), ent.NewLoaders(client))
			}
		})
		if best.N == 0 || r.NsPerOp() < best.NsPerOp() {
			best = r
		}
	}
	fmt.Println(best.NsPerOp(), best.AllocedBytesPerOp(), best.AllocsPerOp(), ctx != nil)
}
`

// imports are the packages of the project that a package imports.
func (p *costProject) imports(pkg string) (found []string) {
	for path := range strings.FieldsSeq(p.run("list", "-deps", "./"+pkg)) {
		if strings.HasPrefix(path, p.path+"/"+pkg+"/") {
			found = append(found, path)
		}
	}
	return found
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}
