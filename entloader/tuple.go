package entloader

import "database/sql/driver"

// TupleKey is the codec of keys of several columns: K is a struct with a field
// for each, and parts are the codecs of these fields, made by [Part], in the
// order of Match.Columns.
func TupleKey[K comparable](parts ...Codec[K]) Codec[K] {
	c := Codec[K]{Exact: true, parts: parts}
	for i := range parts {
		c.Exact = c.Exact && parts[i].Exact
		if parts[i].canon != nil {
			c.canon = func(k K) K {
				for i := range parts {
					k = parts[i].id(k)
				}
				return k
			}
		}
	}
	c.JSON = func(dst []byte, k K) (_ []byte, ok bool) {
		for i := range parts {
			if i == 0 {
				dst = append(dst, '[')
			} else {
				dst = append(dst, ',')
			}
			if dst, ok = parts[i].JSON(dst, k); !ok {
				return dst, false
			}
		}
		return append(dst, ']'), true
	}
	return c
}

// Part is the codec of one field of a key of several columns; at returns its
// place.
func Part[K, F comparable](codec Codec[F], at func(*K) *F) Codec[K] {
	c := Codec[K]{
		Value: func(k K) (driver.Value, error) { return codec.Value(*at(&k)) },
		Scan:  func(src any, dst *K) error { return codec.Scan(src, at(dst)) },
		Held:  func(holder any, dst *K) bool { return codec.Held(holder, at(dst)) },
		JSON:  func(dst []byte, k K) ([]byte, bool) { return codec.JSON(dst, *at(&k)) },
		Hex:   codec.Hex,
		late:  codec.late,
		Exact: codec.Exact,
	}
	if codec.canon != nil {
		c.canon = func(k K) K {
			f := at(&k)
			*f = codec.canon(*f)
			return k
		}
	}
	return c
}

// columns returns the codecs of the columns that a key is stored in.
func (c *Codec[K]) columns() []Codec[K] {
	if c.parts == nil {
		return []Codec[K]{*c}
	}
	return c.parts
}
