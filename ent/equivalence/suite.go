// Package equivalence tests that loaders answer what ent's own edge queries do, over the reference schema and on any
// database that ent knows. The tests of this package run it on SQLite, those of the module in servers on PostgreSQL and
// MariaDB, so that this module needs no drivers for them.
package equivalence

import (
	"database/sql"
	"net/url"
	"testing"

	"entgo.io/ent/dialect"
	_ "github.com/mattn/go-sqlite3"
	"github.com/stretchr/testify/require"
)

// A Database is a kind of database that the tests run on.
type Database struct {
	// Dialect is ent's name for it.
	Dialect string
	// Open returns a database without tables that nobody else uses. It goes when the test ends; the test closes it
	// before that.
	Open func(testing.TB) *sql.DB

	repeats bool // join tables hold pairs twice
	loose   bool // foreign keys need not point to a row
}

// SQLite is a database in memory.
var SQLite = Database{Dialect: dialect.SQLite, Open: func(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+url.PathEscape(t.Name())+"?mode=memory&cache=shared&_fk=1")
	require.NoError(t, err)
	return db
}}

// Run runs all tests on databases of one kind, as subtests of t. Each of them compares loads with ent's own queries, and
// counts statements.
func Run(t *testing.T, db Database) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, Database)
	}{
		{"Edges", testEdges},
		{"EdgesByChance", testEdgesByChance},
		{"RepeatedPairs", testRepeatedPairs},
		{"Options", testOptions},
		{"OptionsAreComparedByStatement", testOptionsAreComparedByStatement},
		{"CountsWithOptions", testCountsWithOptions},
		{"VaryingOptions", testVaryingOptions},
		{"EagerLoadWithinManyToMany", testEagerLoadWithinManyToMany},
		{"Collations", testCollations},
		{"ManyKeys", testManyKeys},
		{"Cuts", testCuts},
		{"OneStatementForSiblings", testOneStatementForSiblings},
		{"Windows", testWindows},
		{"NullForeignKeys", testNullForeignKeys},
		{"SliceBelongsToCaller", testSliceBelongsToCaller},
		{"CopyWithAnotherID", testCopyWithAnotherID},
		{"LimitOfInterceptorIsPerParent", testLimitOfInterceptorIsPerParent},
		{"SetsShareAnswers", testSetsShareAnswers},
		{"Levels", testLevels},
		{"EagerLoaded", testEagerLoaded},
		{"ClearInLoop", testClearInLoop},
		{"ByKey", testByKey},
		{"ByUniqueKey", testByUniqueKey},
		{"KeysOfBytes", testKeysOfBytes},
		{"BadKeys", testBadKeys},
		{"BadKeysInTransaction", testBadKeysInTransaction},
		{"BackEdges", testBackEdges},
		{"Primed", testPrimed},
		{"PrimedLevels", testPrimedLevels},
		{"PrimedViewers", testPrimedViewers},
		{"PrimedSoftDelete", testPrimedSoftDelete},
		{"PrimedAndInterceptors", testPrimedAndInterceptors},
		{"PrimedAndEdited", testPrimedAndEdited},
		{"PrimedAtTheDoor", testPrimedAtTheDoor},
		{"PrimedKeys", testPrimedKeys},
		{"PrimedWithNil", testPrimedWithNil},
		{"PrimedTransaction", testPrimedTransaction},
		{"PrimedSession", testPrimedSession},
		{"PrimedByChance", testPrimedByChance},
		{"CacheLimitBelowTheSet", testCacheLimitBelowTheSet},
		{"SiblingsOfCreateBulk", testSiblingsOfCreateBulk},
		{"SiblingsOfSeveralQueries", testSiblingsOfSeveralQueries},
		{"SiblingsThatShowNoKeys", testSiblingsThatShowNoKeys},
		{"SiblingsOfTransaction", testSiblingsOfTransaction},
		{"SiblingsAreASet", testSiblingsAreASet},
		{"ZeroForNull", testZeroForNull},
		{"Middleware", testMiddleware},
		{"ViewersSeparate", testViewersSeparate},
		{"PredicateLooksUp", testPredicateLooksUp},
		{"InterceptorLooksUpAfterwards", testInterceptorLooksUpAfterwards},
		{"DriverLooksUp", testDriverLooksUp},
		{"ObserverLooksUp", testObserverLooksUp},
		{"WithUnrecorded", testWithUnrecorded},
		{"EachItsOwnCaller", testEachItsOwnCaller},
		{"SkipSoftDelete", testSkipSoftDelete},
		{"SkipSoftDeleteEager", testSkipSoftDeleteEager},
		{"WithScope", testWithScope},
		{"ForeignContextValuesDoNotSplit", testForeignContextValuesDoNotSplit},
		{"Transaction", testTransaction},
		{"InterceptorsSeparateClients", testInterceptorsSeparateClients},
		{"InterceptorEditsTheList", testInterceptorEditsTheList},
		{"DatabaseError", testDatabaseError},
		{"EndedContext", testEndedContext},
		{"Panic", testPanic},
		{"LoadFromInterceptor", testLoadFromInterceptor},
		{"LoadOwnKeyFromInterceptor", testLoadOwnKeyFromInterceptor},
		{"Counts", testCounts},
		{"CountsAndInterceptors", testCountsAndInterceptors},
		{"CountsAndContext", testCountsAndContext},
		{"CountsByKey", testCountsByKey},
		{"Declared", testDeclared},
		{"DeclaredParamsAreCompared", testDeclaredParamsAreCompared},
		{"VaryingParams", testVaryingParams},
		{"DeclaredByKey", testDeclaredByKey},
		{"EveryMethodOfTheQuery", testEveryMethodOfTheQuery},
		{"LimitedEagerLoads", testLimitedEagerLoads},
		{"SelectedColumns", testSelectedColumns},
		{"LimitIsCutByTheDatabase", testLimitIsCutByTheDatabase},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, db) })
	}
}
