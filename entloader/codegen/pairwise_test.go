package codegen_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"
	"github.com/stretchr/testify/require"
)

// ids are the types that ids have, each as the field of that name.
var ids = []struct{ name, field string }{
	{"Int", `field.Int(%q)`},
	{"Int64", `field.Int64(%q)`},
	{"Uint", `field.Uint(%q)`},
	{"String", `field.String(%q)`},
	{"UUID", `field.UUID(%q, uuid.UUID{})`},
	{"Text", `field.String(%q).GoType(kind.Text(""))`},
	{"Code", `field.String(%q).GoType(kind.Code("")).ValueScanner(kind.CodeScanner)`},
}

// An edgeKind is edges, and fields, of a type A, whose id the kind is about, and of
// a type B, which may be a type of their own. N tells one edge of the kind from
// another; FK(name) is a field of A's type, and FKB(name) of B's.
type edgeKind struct {
	name, a, b, fieldsA, fieldsB, types string
	most                                int // statements; 1 if zero
}

var kinds = []edgeKind{
	{name: "O2M without inverse", a: `edge.To("many_N", B.Type)`},
	{name: "O2M, hidden, under another column", a: `edge.To("many_N", B.Type).StorageKey(edge.Column("col_N"))`, b: `edge.From("one_N", A.Type).Ref("many_N").Unique()`},
	{name: "M2O without inverse", b: `edge.To("one_N", A.Type).Unique()`},
	{name: "field, nillable", a: `edge.To("many_N", B.Type)`, b: `edge.From("one_N", A.Type).Ref("many_N").Unique().Field("fk_N")`, fieldsB: `FK("fk_N").Optional().Nillable()`},
	// A zero in the field may be NULL, or a zero: the second statement is for those.
	{name: "field, optional", a: `edge.To("many_N", B.Type)`, b: `edge.From("one_N", A.Type).Ref("many_N").Unique().Field("fk_N")`, fieldsB: `FK("fk_N").Optional()`, most: 2},
	{name: "field, required, under another column", a: `edge.To("many_N", B.Type)`, b: `edge.From("one_N", A.Type).Ref("many_N").Unique().Required().Field("fk_N")`, fieldsB: `FK("fk_N").StorageKey("key_N")`},
	{name: "O2O", a: `edge.To("one_N", B.Type).Unique()`, b: `edge.From("other_N", A.Type).Ref("one_N").Unique()`},
	{name: "M2M under other names", a: `edge.To("many_N", B.Type).StorageKey(edge.Table("join_N"), edge.Columns("left_N", "right_N"))`, b: `edge.From("others_N", A.Type).Ref("many_N")`},
	{name: "tree with field", a: `edge.To("children_N", A.Type).From("parent_N").Unique().Field("fk_N")`, fieldsA: `FK("fk_N").Optional().Nillable()`},
	{name: "M2M to itself", a: `edge.To("friends_N", A.Type)`},
	{name: "M2M to itself, one way", a: `edge.To("following_N", A.Type).From("followers_N")`},
	{name: "O2O to itself", a: `edge.To("spouse_N", A.Type).Unique()`},
	{name: "O2O to itself, one way", a: `edge.To("next_N", A.Type).Unique().From("prev_N").Unique()`},
	{name: "through, with id", a: `edge.To("many_N", B.Type).Through("links_N", LinkN.Type)`, b: `edge.From("others_N", A.Type).Ref("many_N").Through("links_to_N", LinkN.Type)`,
		types: link},
	{name: "through, composite id", a: `edge.To("many_N", B.Type).Through("links_N", LinkN.Type)`, b: `edge.From("others_N", A.Type).Ref("many_N").Through("links_to_N", LinkN.Type)`,
		types: link + `
			// Annotations make the two the id.
			func (LinkN) Annotations() []schema.Annotation { return []schema.Annotation{field.ID("left", "right")} }
		`},
	{name: "the id is the key", a: `edge.To("card_N", CardN.Type).Unique().StorageKey(edge.Column("id"))`, types: `
		// CardN has the id of what it is for.
		type CardN struct{ ent.Schema }

		// Fields of a card.
		func (CardN) Fields() []ent.Field { return []ent.Field{FK("id")} }

		// Edges of a card.
		func (CardN) Edges() []ent.Edge {
			return []ent.Edge{edge.From("owner", A.Type).Ref("card_N").Unique().Required()}
		}
	`},
}

const link = `
	// LinkN is a row of a join table.
	type LinkN struct{ ent.Schema }

	// Fields of a link.
	func (LinkN) Fields() []ent.Field { return []ent.Field{FK("left"), FKB("right")} }

	// Edges of a link.
	func (LinkN) Edges() []ent.Edge {
		return []ent.Edge{
			edge.To("left_side", A.Type).Field("left").Unique().Required(),
			edge.To("right_side", B.Type).Field("right").Unique().Required(),
		}
	}
`

// features are those of ent, and what else may be in a project.
var features = []feature{
	{"privacy", func(s *shape) { s.features = append(s.features, gen.FeaturePrivacy) }},
	{"intercept", func(s *shape) { s.features = append(s.features, gen.FeatureIntercept) }},
	{"namedges", func(s *shape) { s.features = append(s.features, gen.FeatureNamedEdges) }},
	{"sql/modifier", func(s *shape) { s.features = append(s.features, gen.FeatureModifier) }},
	{"sql/schemaconfig", func(s *shape) { s.features = append(s.features, gen.FeatureSchemaConfig) }},
	{"schema/snapshot", func(s *shape) { s.features = append(s.features, gen.FeatureSnapshot) }},
	{"after another extension", func(s *shape) { s.after = true }},
	{"methods for GraphQL", func(s *shape) { s.graphQL = true }},
	{"bidiedges", func(s *shape) { s.features = append(s.features, gen.FeatureBidiEdgeRefs) }},
	{"sql/lock", func(s *shape) { s.features = append(s.features, gen.FeatureLock) }},
	{"sql/upsert", func(s *shape) { s.features = append(s.features, gen.FeatureUpsert) }},
	{"sql/execquery", func(s *shape) { s.features = append(s.features, gen.FeatureExecQuery) }},
	{"sql/globalid", func(s *shape) { s.features = append(s.features, gen.FeatureGlobalID) }},
	{"entql", func(s *shape) { s.features = append(s.features, gen.FeatureEntQL) }},
	{"strict", func(s *shape) { s.strict = true }},
	{"another prefix", func(s *shape) { s.prefix = "Fetch" }},
}

type feature struct {
	name  string
	apply func(*shape)
}

// A pair is an id, an edge kind and a package.
type pair struct{ id, kind, pkg int }

// packages are sets of features: all of them, and each half.
func packages() [][]feature {
	half := len(features) / 2
	return [][]feature{features, features[:half], features[half:]}
}

// allowed reports whether ent takes the pair: the field of an edge can have no
// external ValueScanner ("edge-field … cannot have an external ValueScanner").
func allowed(id int, k edgeKind) bool {
	return !strings.Contains(ids[id].field, "ValueScanner") || !strings.Contains(k.a+k.b+k.types, `.Field("`)
}

// table is every type of id with every kind of edge, each pair in one of n
// packages.
func table(n int) (all []pair) {
	for i := range ids {
		for k := range kinds {
			if !allowed(i, kinds[k]) {
				continue
			}
			all = append(all, pair{i, k, (i + k) % n})
		}
	}
	return all
}

// Every two of an id, a kind and a feature occur together, with the feature and
// without it, and so do every two features.
func TestPairwiseTable(t *testing.T) {
	pkgs := packages()
	with := make(map[[3]string]bool)
	for _, p := range table(len(pkgs)) {
		with[[3]string{ids[p.id].name, kinds[p.kind].name}] = true
		for _, f := range features {
			has := fmt.Sprint(has(pkgs[p.pkg], f))
			with[[3]string{ids[p.id].name, f.name, has}] = true
			with[[3]string{kinds[p.kind].name, f.name, has}] = true
		}
	}
	for _, pkg := range pkgs {
		for _, f := range pkg {
			for _, g := range pkg {
				with[[3]string{f.name, g.name}] = true
			}
		}
	}
	for i, id := range ids {
		for _, k := range kinds {
			require.Equal(t, allowed(i, k), with[[3]string{id.name, k.name}], "%s, %s", id.name, k.name)
		}
	}
	for _, f := range features {
		for _, has := range []string{"true", "false"} {
			for _, id := range ids {
				require.True(t, with[[3]string{id.name, f.name, has}], "%s, %s: %s", id.name, f.name, has)
			}
			for _, k := range kinds {
				require.True(t, with[[3]string{k.name, f.name, has}], "%s, %s: %s", k.name, f.name, has)
			}
		}
		for _, g := range features {
			require.True(t, with[[3]string{f.name, g.name}], "%s, %s", f.name, g.name)
		}
	}
}

func has(all []feature, f feature) bool {
	for _, other := range all {
		if other.name == f.name {
			return true
		}
	}
	return false
}

// TestPairwise generates the table, compiles it, and compares every edge with
// ent's own query.
func TestPairwise(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a module; leave out -short to run it")
	}
	p := newProject(t, "example.com/cases")
	p.copy(testdata(t, "kind"), "kind", every)
	pkgs := packages()
	var shapes []shape
	most := make(map[string]int) // statements of an edge, by what its name has
	for i, fs := range pkgs {
		s := shape{name: fmt.Sprint("pairwise", i)}
		for _, f := range fs {
			f.apply(&s)
		}
		p.write(s.name+"/ent/schema/schema.go", pairwiseSchema(i, len(pkgs), most))
		require.NoError(t, p.sub(s.name).generateShape(s), s.name)
		shapes = append(shapes, s)
	}
	line := regexp.MustCompile(`^(\w+\.[A-Za-z]+?(\d+)?): (\d+) of (\d+), statements (\d+)`)
	edges := 0
	for name, text := range p.check(shapes) {
		for _, l := range strings.Split(strings.TrimSpace(text), "\n") {
			m := line.FindStringSubmatch(l)
			require.NotNil(t, m, "%s: %s", name, l)
			require.NotEqual(t, "0", m[3], "%s: %s", name, l)
			if m[5] != "1" {
				require.Equal(t, fmt.Sprint(most[m[2]]), m[5], "%s: %s", name, l)
			}
			edges++
		}
	}
	t.Logf("%d edges in %d packages", edges, len(pkgs))
	require.Greater(t, edges, len(table(1)))
}

// pairwiseSchema is the schema of a package: a type for each type of id, and the
// edges of the pairs that are in it.
func pairwiseSchema(pkg, of int, most map[string]int) string {
	var edgesOf, fieldsOf [8][]string
	var types strings.Builder
	for n, p := range table(of) {
		if p.pkg != pkg {
			continue
		}
		k, other := kinds[p.kind], (p.id+1+n%(len(ids)-1))%len(ids)
		for other == p.id || !allowed(other, k) {
			other = (other + 1) % len(ids)
		}
		most[fmt.Sprint(n)] = k.most
		fill := func(text string) string {
			text = regexp.MustCompile(`FKB\((".*?")\)`).ReplaceAllStringFunc(text, func(s string) string {
				return fmt.Sprintf(strings.ReplaceAll(ids[other].field, "%q", "%s"), s[len("FKB("):len(s)-1])
			})
			text = regexp.MustCompile(`FK\((".*?")\)`).ReplaceAllStringFunc(text, func(s string) string {
				return fmt.Sprintf(strings.ReplaceAll(ids[p.id].field, "%q", "%s"), s[len("FK("):len(s)-1])
			})
			text = regexp.MustCompile(`\bA\b`).ReplaceAllString(text, "With"+ids[p.id].name)
			text = regexp.MustCompile(`\bB\b`).ReplaceAllString(text, "With"+ids[other].name)
			return regexp.MustCompile(`(_|Link|Card)N\b`).ReplaceAllString(text, fmt.Sprint("${1}", n))
		}
		add := func(to *[]string, text string) {
			if text != "" {
				*to = append(*to, fill(text))
			}
		}
		add(&edgesOf[p.id], k.a)
		add(&edgesOf[other], k.b)
		add(&fieldsOf[p.id], k.fieldsA)
		add(&fieldsOf[other], k.fieldsB)
		types.WriteString(fill(k.types))
	}
	var b strings.Builder
	b.WriteString("package schema\n\nimport (\n")
	for _, path := range []string{"entgo.io/ent", "entgo.io/ent/schema", "entgo.io/ent/schema/edge", "entgo.io/ent/schema/field", "github.com/google/uuid", "example.com/cases/kind"} {
		fmt.Fprintf(&b, "%q\n", path)
	}
	b.WriteString(")\n\nvar _, _, _ any = schema.CommentAnnotation{}, uuid.UUID{}, kind.Code(\"\") // if there is no such pair\n")
	for i, id := range ids {
		fmt.Fprintf(&b, "type With%s struct{ ent.Schema }\n", id.name)
		fmt.Fprintf(&b, "func (With%s) Fields() []ent.Field { return []ent.Field{\n%s,\n} }\n", id.name,
			strings.Join(append([]string{fmt.Sprintf(id.field, "id")}, fieldsOf[i]...), ",\n"))
		fmt.Fprintf(&b, "func (With%s) Edges() []ent.Edge { return []ent.Edge{\n%s,\n} }\n", id.name, strings.Join(edgesOf[i], ",\n"))
	}
	b.WriteString(types.String())
	return b.String()
}

// otherExtension writes to the same places as ours.
type otherExtension struct{ entc.DefaultExtension }

// Templates implements entc.Extension.
func (otherExtension) Templates() []*gen.Template {
	return []*gen.Template{gen.MustParse(gen.NewTemplate("other").Parse(`
		{{ define "other" }}{{ template "header" $ }}
			// Other is generated, too.
			type Other struct{}
		{{ end }}
		{{ define "dialect/sql/query/fields/additional/other" }}{{ "\n" }}other int{{ "\n" }}{{ end }}
		{{ define "dialect/sql/query/spec/other" }}{{ "\n" }}{{ $.Scope.Receiver }}.other++{{ "\n" }}{{ end }}
		{{ define "dialect/sql/query/all/nodes/other" }}{{ "\n" }}{{ $.Scope.Receiver }}.other++{{ "\n" }}{{ end }}
		{{ define "dialect/sql/model/fields/other" }}{{ "\n" }}other int{{ "\n" }}{{ end }}
		{{ define "model/additional/other" }}
			// Others is a method.
			func ({{ $.Receiver }} *{{ $.Name }}) Others() int { return {{ $.Receiver }}.other }
		{{ end }}
	`))}
}
