package access

import (
	"cmp"
	"reflect"

	"github.com/grpcaud/grpcaud/audience/claims"
)

// Matrix returns a copy of the matrix that p was made of, to draw, export or compare
// it. What was left out is filled in: the names of issuers and presets, the audiences
// of services, and the ids of clients. Demands that .proto options add are not in it;
// see [Policy.AddedDemands].
func (p *Policy) Matrix() Matrix {
	m := deepCopy(reflect.ValueOf(p.matrix)).Interface().(Matrix)
	var only string // the name of the issuer, if there is only one
	for name, issuer := range m.Issuers {
		only = name
		if issuer.Dialect.IsZero() {
			issuer.Preset = cmp.Or(issuer.Preset, claims.DefaultPreset)
		}
		m.Issuers[name] = issuer
	}
	for name, service := range m.Services {
		if len(service.Issuers) == 0 {
			service.Issuers = []string{only}
		}
		service.Audiences = service.audiences(name)
		m.Services[name] = service
	}
	for name, client := range m.Clients {
		client.Issuer, client.ID = cmp.Or(client.Issuer, only), cmp.Or(client.ID, name)
		m.Clients[name] = client
	}
	for name, external := range m.External {
		external.Audience = external.audience(name)
		m.External[name] = external
	}
	return m
}

// deepCopy returns v with copies of all its maps, slices and pointers. It uses reflection, so
// that no field of a matrix can be forgotten.
func deepCopy(v reflect.Value) reflect.Value {
	if isFlat(v.Type()) {
		return v
	}
	c := reflect.New(v.Type()).Elem()
	c.Set(v)
	switch {
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if f := c.Field(i); f.CanSet() && !isFlat(f.Type()) {
				f.Set(deepCopy(f))
			}
		}
	case v.Kind() == reflect.Pointer && !v.IsNil():
		c.Set(reflect.New(v.Type().Elem()))
		c.Elem().Set(deepCopy(v.Elem()))
	case v.Kind() == reflect.Map && !v.IsNil():
		c.Set(reflect.MakeMapWithSize(v.Type(), v.Len()))
		for key, value := range v.Seq2() {
			c.SetMapIndex(key, deepCopy(value))
		}
	case v.Kind() == reflect.Slice && !v.IsNil():
		c.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		reflect.Copy(c, v)
		if isFlat(v.Type().Elem()) {
			break
		}
		for i := range v.Len() {
			c.Index(i).Set(deepCopy(v.Index(i)))
		}
	}
	return c
}

// isFlat reports whether a value of this type shares nothing with its copy.
func isFlat(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Struct, reflect.Pointer, reflect.Map, reflect.Slice:
		return false
	default:
		return true
	}
}
