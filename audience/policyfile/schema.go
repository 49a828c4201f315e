package policyfile

import (
	"encoding/json"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"
)

// schemaID is the $id of the schema: the address of its newest version.
const schemaID = "https://raw.githubusercontent.com/grpcaud/grpcaud/main/audience/policyfile/access.schema.json"

// Schema returns a JSON Schema (draft 2020-12) of the access matrix, for editors: it
// completes and explains keys, and marks what [Load] cannot read. Load also checks
// names and meanings, which no schema can. The schema is made from the tables that the
// reader uses, so that the two agree.
func Schema() []byte {
	r := &reader{top: true}
	s := r.describe(func(n *yaml.Node) { r.matrix(n) })
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["$id"] = schemaID
	s["title"] = "access matrix"
	s["description"] = "Which client may call which method of which gRPC service, with tokens of which issuer."
	explain(s, "")
	text, _ := json.MarshalIndent(s, "", "  ") // cannot fail for maps of strings, booleans and lists
	return append(text, '\n')
}

// schema is a JSON Schema, or a part of one.
type schema = map[string]any

// probe is a placeholder for a value. A read function that gets it describes the values
// that are possible in its place.
var probe = &yaml.Node{Kind: yaml.MappingNode}

// describe returns the schema of the values that read accepts.
func (r *reader) describe(read func(*yaml.Node)) schema {
	outer := r.schema
	defer func() { r.schema = outer }()
	r.schema = schema{}
	read(probe)
	return r.schema
}

// isProbe reports whether n is the probe. If so, it stores s as the schema of the
// values that are possible there.
func (r *reader) isProbe(n *yaml.Node, s func() schema) bool {
	if n == probe {
		r.schema = s()
	}
	return n == probe
}

// jsonTypes are the types of JSON Schema, by the tags of YAML.
var jsonTypes = map[string]string{
	aString: "string", aNumber: "integer", aBoolean: "boolean", aList: "array", aMapping: "object",
}

// ofKind describes a value of one kind.
func ofKind(kind, want string) schema {
	s := schema{"type": jsonTypes[kind], "description": want}
	if kind == aString {
		s["minLength"] = 1
	}
	return s
}

// ofFields describes a mapping whose keys are known.
func (r *reader) ofFields(known map[string]value) schema {
	properties, needed := schema{}, []string{}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		v := known[name]
		s := r.describe(v.read)
		if v.want != "" {
			s["description"] = v.want
		}
		properties[name] = s
		if v.required {
			needed = append(needed, name)
		}
	}
	return schema{"type": "object", "properties": properties, "required": needed, "additionalProperties": false}
}

// either returns the schema of a value that may have the form of any of these.
func (r *reader) either(reads ...func(*yaml.Node)) schema {
	var all []schema
	for _, read := range reads {
		all = append(all, r.describe(read))
	}
	return schema{"anyOf": all}
}

// among adds to the schema of v the values that exist, for editors to propose. It does
// not check that a value is one of them.
func (r *reader) among(values []string, v value) value {
	read := v.read
	v.read = func(n *yaml.Node) {
		if read(n); n == probe {
			r.schema["enum"] = values
		}
	}
	return v
}
