package main

import (
	"context"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the wanted output of testdata/init anew")

// tree is what a directory and those below it hold, by path.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	contents := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		contents[filepath.ToSlash(rel)] = string(text)
		return err
	}))
	return contents
}

// Each directory of testdata/init is a case: a project (in), what the command prints
// (want.txt), and the project with what -w wrote (want). Where nothing is written
// there is no want.
func TestInit(t *testing.T) {
	cases, err := filepath.Glob(filepath.Join("testdata", "init", "*"))
	require.NoError(t, err)
	require.NotEmpty(t, cases)
	for _, rel := range cases {
		t.Run(filepath.Base(rel), func(t *testing.T) {
			dir, err := filepath.Abs(rel)
			require.NoError(t, err)
			project := t.TempDir()
			require.NoError(t, os.CopyFS(project, os.DirFS(filepath.Join(dir, "in"))))
			before := tree(t, project)
			t.Chdir(project)

			status, stdout, stderr := execute(context.Background(), "init")
			require.Equal(t, before, tree(t, project), "nothing is written without -w")
			printed := stdout + stderr
			writes := status == exitOK && stdout != ""
			if *update {
				require.NoError(t, os.WriteFile(filepath.Join(dir, "want.txt"), []byte(printed), 0o644))
			}
			want, err := os.ReadFile(filepath.Join(dir, "want.txt"))
			require.NoError(t, err)
			require.Equal(t, string(want), printed)

			again, stdout, stderr := execute(context.Background(), "init", "-w", "./ent")
			require.Equal(t, status, again)
			require.Empty(t, stdout)
			if !writes {
				require.Equal(t, before, tree(t, project))
				require.NoDirExists(t, filepath.Join(dir, "want"))
				return
			}
			require.Contains(t, stderr, "entloader: wrote ent/")
			if *update {
				require.NoError(t, os.RemoveAll(filepath.Join(dir, "want")))
				require.NoError(t, os.CopyFS(filepath.Join(dir, "want"), os.DirFS(project)))
			}
			after := tree(t, project)
			require.Equal(t, tree(t, filepath.Join(dir, "want")), after)

			t.Run("printed as a patch", func(t *testing.T) {
				patch, err := exec.LookPath("patch")
				if err != nil {
					t.Skip("there is no patch command")
				}
				other := t.TempDir()
				require.NoError(t, os.CopyFS(other, os.DirFS(filepath.Join(dir, "in"))))
				cmd := exec.Command(patch, "-p1", "-s", "-d", other)
				cmd.Stdin = strings.NewReader(string(want[:strings.Index(string(want), "entloader: nothing is written")]))
				out, err := cmd.CombinedOutput()
				require.NoError(t, err, "%s", out)
				require.Equal(t, after, tree(t, other))
			})
			t.Run("again", func(t *testing.T) {
				status, stdout, stderr := execute(context.Background(), "init", "-w")
				require.Equal(t, exitOK, status)
				require.Empty(t, stdout)
				require.Equal(t, "entloader: ent has the extension already\n", stderr)
				require.Equal(t, after, tree(t, project))
			})
			t.Run("compiles", func(t *testing.T) {
				if testing.Short() {
					t.Skip("runs the go command; leave out -short to run it")
				}
				for name := range after {
					if file := filepath.Join(dir, "want", name); strings.Contains(after[name], "package main") {
						cmd := exec.Command("go", "vet", file)
						cmd.Dir = filepath.Dir(filepath.Dir(filepath.Dir(dir)))
						out, err := cmd.CombinedOutput()
						require.NoError(t, err, "%s", out)
					}
				}
			})
		})
	}
}

func TestInitErrors(t *testing.T) {
	t.Chdir(t.TempDir())
	status, _, stderr := execute(context.Background(), "init", "a", "b")
	require.Equal(t, exitUsage, status)
	require.Contains(t, stderr, "entloader: name one ent directory")
	status, stdout, stderr := execute(context.Background(), "init")
	require.Equal(t, exitFailed, status)
	require.Empty(t, stdout)
	require.Equal(t, "entloader: there is no schema directory ent/schema: name the ent directory, e.g. entloader init ./ent\n", stderr)
}

// What stands in a file stays as it is, also where gofmt would have it otherwise.
func TestInitKeepsTheFormat(t *testing.T) {
	const text = `package main
import (
  "log"; "entgo.io/ent/entc"
)
func main()  { if err := entc.Generate("./schema", nil); err != nil { log.Fatal(err) } }
`
	c, err := extendProgram("entc.go", text)
	require.NoError(t, err)
	require.Equal(t, `package main
import (
  "log"; "entgo.io/ent/entc"

	"github.com/entloader/entloader/entloader/codegen"
)
func main()  { loaders, err := codegen.NewExtension()
	if err != nil {
		log.Fatalf("creating the entloader extension: %v", err)
	}
	if err := entc.Generate("./schema", nil, entc.Extensions(loaders)); err != nil { log.Fatal(err) } }
`, c.new)
}

func TestInitLeavesWhatItDoesNotUnderstand(t *testing.T) {
	const imports = "package main\n\nimport (\n\t\"entgo.io/ent/entc\"\n)\n\n"
	for text, why := range map[string]string{
		imports + "func main() {": "it is no valid Go",
		imports + "func main() { entc.Generate(\"\", nil); entc.Generate(\"\", nil) }":             "it calls entc.Generate more than once",
		imports + "func main() { for { entc.Generate(\"\", nil) } }":                               "in a statement of a kind that is not known",
		imports + "func main() { loaders := 1; entc.Generate(\"\", nil) }":                         "it uses the name loaders for something else",
		imports + "func main() { entc.Generate(\"\", nil, entc.Extensions(all...)) }":              "entc.Extensions is given a slice",
		imports + "func main() { opts := all(); entc.Generate(\"\", nil, opts...) }":               "not a slice literal opts := []entc.Option{…} in main",
		"package main\n\nimport \"entgo.io/ent/entc\"\n\nfunc main() { entc.Generate(\"\", nil) }": "its imports do not stand in parentheses",
		strings.Replace(imports, "main", "x", 1) + "func main() { entc.Generate(\"\", nil) }":      "it has no func main",
	} {
		_, err := extendProgram("ent/entc.go", text)
		require.ErrorContains(t, err, "entloader: ent/entc.go stays as it is: ", text)
		require.ErrorContains(t, err, why, text)
		require.ErrorContains(t, err, "Add the extension by hand")
	}
}
