// Package scalar has gqlgen marshalers for the ID types of the reference schema that gqlgen does not know. Numbers
// travel as text, since JSON numbers of that size lose digits in some clients.
package scalar

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/99designs/gqlgen/graphql"

	"github.com/entloader/entloader/ent/labid"
)

// MarshalInt64ID writes an ID that is an int64.
func MarshalInt64ID(id int64) graphql.Marshaler {
	return graphql.MarshalString(strconv.FormatInt(id, 10))
}

// UnmarshalInt64ID reads an ID that is an int64, from text or a number.
func UnmarshalInt64ID(v any) (int64, error) {
	switch v := v.(type) {
	case string:
		return parseInt64(v)
	case json.Number:
		return parseInt64(v.String())
	case int64:
		return v, nil
	case int:
		return int64(v), nil
	}
	return 0, fmt.Errorf("%v is not a whole number", v)
}

func parseInt64(s string) (int64, error) {
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a whole number", s)
	}
	return id, nil
}

// MarshalInstrumentID writes an inventory number.
func MarshalInstrumentID(id labid.InstrumentID) graphql.Marshaler {
	return MarshalInt64ID(int64(id))
}

// UnmarshalInstrumentID reads an inventory number, from text or a number.
func UnmarshalInstrumentID(v any) (labid.InstrumentID, error) {
	id, err := UnmarshalInt64ID(v)
	return labid.InstrumentID(id), err
}

// MarshalStandardCode writes a catalogue code.
func MarshalStandardCode(code labid.StandardCode) graphql.Marshaler {
	return graphql.MarshalString(string(code))
}

// UnmarshalStandardCode reads a catalogue code.
func UnmarshalStandardCode(v any) (labid.StandardCode, error) {
	s, ok := v.(string)
	if !ok {
		return "", fmt.Errorf("%v is not a catalogue code", v)
	}
	return labid.StandardCode(s), nil
}

// MarshalBytes writes bytes in hexadecimal.
func MarshalBytes(b []byte) graphql.Marshaler { return graphql.MarshalString(hex.EncodeToString(b)) }

// UnmarshalBytes reads bytes in hexadecimal.
func UnmarshalBytes(v any) ([]byte, error) {
	s, ok := v.(string)
	if !ok {
		return nil, fmt.Errorf("%v is not hexadecimal", v)
	}
	return hex.DecodeString(s)
}
