package codegen

import (
	"fmt"
	"go/types"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"entgo.io/ent/entc/gen"
	"entgo.io/ent/schema/field"
)

// A keyType is how fields of one type are keys.
type keyType struct {
	// Go is the type of the field, Type that of the key in the runtime: they differ
	// where values of the field are compared by the bytes in them.
	Go, Type string
	// Codec is the expression for the codec.
	Codec string
}

// Bytes reports whether keys are compared by the bytes in them.
func (k keyType) Bytes() bool { return k.Type == bytesType }

// bytesType is the type by which bytes are compared.
const bytesType = "entloader.Bytes"

// keyType returns how values of the field are keys. It reports false if they can
// not be compared in Go.
func (m *model) keyType(f *gen.Field) (keyType, bool) {
	k := keyType{Go: typeName(f), Type: typeName(f)}
	isBytes := m.isBytes(f)
	if k.Codec = codec(f); k.Codec == "" || !isBytes && !m.comparable(f) {
		return k, false
	}
	if isBytes {
		k.Type = bytesType
		k.Codec = fmt.Sprintf("entloader.BytesKey(%s, %t)", k.Codec, binary(f))
	}
	m.importType(f)
	return k, true
}

// codec returns the expression for the codec of values like those of f, or "" if
// they can not be keys.
func codec(f *gen.Field) string {
	typ := typeName(f)
	switch t := f.Type.Type; {
	case f.HasValueScanner():
		value, err := f.ValueFunc() // standard.ValueScanner.ID.Value
		if err != nil {
			return ""
		}
		return fmt.Sprintf("entloader.ConvertedKey(func() field.TypeValueScanner[%s] { return %s })", typ, localType("", strings.TrimSuffix(value, ".Value")))
	case t == field.TypeJSON:
		return ""
	case f.Type.Valuer(), f.Type.ValueScanner():
		return fmt.Sprintf("entloader.ValueKey[%s]()", typ)
	case t.Integer():
		return fmt.Sprintf("entloader.IntKey[%s]()", typ)
	case t == field.TypeString, t == field.TypeEnum:
		return fmt.Sprintf("entloader.StringKey[%s]()", typ)
	case t == field.TypeTime && f.Type.RType == nil:
		return "entloader.TimeKey()"
	}
	return fmt.Sprintf("entloader.ValueKey[%s]()", typ)
}

// importType notes the package that the type of a key is from, unless it is one
// of those that generated code imports anyway.
func (m *model) importType(f *gen.Field) {
	path := f.Type.PkgPath
	if path != "" && path != "time" && !slices.ContainsFunc(m.Imports, func(i importModel) bool { return i.Path == path }) {
		m.Imports = append(m.Imports, importModel{Alias: localName(f.Type.PkgName), Path: path})
	}
}

// comparable reports whether values of the field can be keys of a map. ent tells
// only the kind of a Go type; what is in a struct or an array takes a look at its
// package.
func (m *model) comparable(f *gen.Field) bool {
	t := f.Type.RType
	if t == nil || f.IsUUID() {
		return true
	}
	switch t.Kind {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface, reflect.Func, reflect.Chan:
		return false
	case reflect.Struct, reflect.Array:
		found := lookUp(t.PkgPath, t.Name, m.graph.BuildFlags)
		return found != nil && types.Comparable(found)
	}
	return true
}

// isBytes reports whether values of the field are slices of bytes.
func (m *model) isBytes(f *gen.Field) bool {
	switch t := f.Type.RType; {
	case t == nil:
		return f.Type.Type == field.TypeBytes
	case t.Kind != reflect.Slice:
		return false
	case t.PkgPath == "":
		return t.Ident == "[]uint8"
	default:
		found := lookUp(t.PkgPath, t.Name, m.graph.BuildFlags)
		return found != nil && types.Identical(found.Underlying(), types.NewSlice(types.Typ[types.Byte]))
	}
}

// binary reports whether the column of a field of bytes holds bytes, which are
// equal only where they are the same, and not text, which has a collation.
func binary(f *gen.Field) bool {
	for _, t := range f.Column().SchemaType {
		if text.MatchString(t) {
			return false
		}
	}
	return f.Type.Type == field.TypeBytes
}

// text matches the types of columns that hold text.
var text = regexp.MustCompile(`(?i)char|text|clob|json`)
