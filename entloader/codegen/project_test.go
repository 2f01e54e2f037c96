package codegen_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader/codegen"
)

// root is the directory of this module.
func root(t testing.TB) string {
	t.Helper()
	_, file, _, ok := runtime.Caller(0)
	require.True(t, ok)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

// A project is a Go module in a directory of its own, which uses this one.
type project struct {
	t    testing.TB
	dir  string
	path string
}

func newProject(t testing.TB, path string) *project {
	t.Helper()
	p := &project{t: t, dir: t.TempDir(), path: path}
	file := os.Getenv("ENTLOADER_GOMOD") // that of the -modfile that this test is built with
	if file == "" {
		file = filepath.Join(root(t), "go.mod")
	}
	mod, err := os.ReadFile(file)
	require.NoError(t, err)
	_, requirements, _ := strings.Cut(string(mod), "\n")
	p.write("go.mod", "module "+path+"\n"+requirements+"\nrequire github.com/entloader/entloader v0.0.0\nreplace github.com/entloader/entloader => "+root(t)+"\n")
	sum, err := os.ReadFile(strings.TrimSuffix(file, ".mod") + ".sum")
	require.NoError(t, err)
	p.write("go.sum", string(sum))
	return p
}

// sub is the package name of the project, and what is below it.
func (p *project) sub(name string) *project {
	return &project{t: p.t, dir: filepath.Join(p.dir, name), path: p.path + "/" + name}
}

func (p *project) write(name, text string) {
	p.t.Helper()
	file := filepath.Join(p.dir, name)
	require.NoError(p.t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(p.t, os.WriteFile(file, []byte(text), 0o644))
}

// copy copies the Go files below a directory, and changes their lines.
func (p *project) copy(from, to string, change func(line string) (string, bool)) {
	p.t.Helper()
	require.NoError(p.t, filepath.WalkDir(from, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var lines []string
		for _, line := range strings.Split(string(text), "\n") {
			if line, ok := change(line); ok {
				lines = append(lines, line)
			}
		}
		rel, err := filepath.Rel(from, file)
		p.write(filepath.Join(to, rel), strings.Join(lines, "\n"))
		return err
	}))
}

// generate runs ent's code generation on ent/schema, with the extension if
// there are options for one.
func (p *project) generate(config gen.Config, options ...entc.Option) error {
	config.Target = filepath.Join(p.dir, "ent")
	config.Package = p.path + "/ent"
	return p.in(func() error {
		return entc.Generate("./ent/schema", &config, options...)
	})
}

// in runs f in the directory of the project; ent loads schemas from there.
func (p *project) in(f func() error) error {
	p.t.Helper()
	p.t.Chdir(p.dir)
	p.t.Setenv("GOFLAGS", "-mod=mod")
	return f()
}

// run runs the go command and returns what it printed.
func (p *project) run(args ...string) string {
	p.t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(p.t, err, stderr.String())
	return string(out)
}

func extension(t testing.TB, opts ...codegen.Option) entc.Option {
	t.Helper()
	ex, err := codegen.NewExtension(opts...)
	require.NoError(t, err)
	return entc.Extensions(ex)
}
