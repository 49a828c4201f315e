package envoy

import "github.com/grpcaud/grpcaud/cmd/grpcaud/internal/mesh"

// scopeMatcher demands one of some scopes. A text of scopes is separated by spaces (RFC
// 8693, section 4.2), and each scope consists of visible characters (RFC 6749, section 3.3);
// if one does not, none is granted.
func scopeMatcher(i mesh.Issuer, c mesh.Condition) object {
	divided := metadata(i.Name, c.Claim, object{"string_match", object{"safe_regex", object{"regex", scopes}}})
	ways := []object{all(divided, metadata(i.Name, c.Claim, oneOf(scopePatterns(c.Values))))}
	if i.ScopeLists() {
		odd := metadata(i.Name, c.Claim, object{"list_match", object{"one_of", object{"string_match", object{"safe_regex", object{"regex", oddScope}}}}})
		var listed []object
		for _, scope := range c.Values {
			listed = append(listed, object{"list_match", object{"one_of", object{"string_match", object{"exact", scope}}}})
		}
		ways = append(ways, all(not(odd), metadata(i.Name, c.Claim, oneOf(listed))))
	}
	return or(ways)
}

const (
	scopes   = ` *[!#-\[\]-~]+( +[!#-\[\]-~]+)* *`
	oddScope = `(?s)(.*[^!#-\[\]-~].*)?`
)

// scopePatterns are the places of a scope in a text.
func scopePatterns(values []string) []object {
	var ways []object
	for _, scope := range values {
		ways = append(ways,
			object{"string_match", object{"exact", scope}},
			object{"string_match", object{"prefix", scope + " "}},
			object{"string_match", object{"suffix", " " + scope}},
			object{"string_match", object{"contains", " " + scope + " "}},
		)
	}
	return ways
}
