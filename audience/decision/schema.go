package decision

import _ "embed" // for the schema

//go:embed decision.schema.json
var schema string

// Schema returns the JSON Schema (draft 2020-12) of the lines.
func Schema() string { return schema }
