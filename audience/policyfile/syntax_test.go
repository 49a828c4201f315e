package policyfile_test

import (
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience/policyfile"
)

// with is the smallest matrix, with one line of it replaced.
func with(old, text string) string {
	const smallest = `version: 1
issuers:
  corp: {url: "https://idp.example.com"}
services:
  orders:
    grpc: [acme.Orders]
    allow:
    - clients: [portal]
      methods: [Get]
      scopes: none
clients:
  portal: {}
`
	if !strings.Contains(smallest, old) {
		panic("no such text: " + old)
	}
	return strings.Replace(smallest, old, text, 1)
}

var broken = []struct{ name, text, want string }{
	{"empty", "", `access.yaml:1: empty: want an access matrix, which begins with version: 1`},
	{"comment", "\n# nothing\n", `access.yaml:1: empty: want an access matrix, which begins with version: 1`},
	{"null document", "---\n", `access.yaml:2:1: want a mapping, got nothing; write {} for an empty one`},
	{"string document", "hello\n", `access.yaml:1:1: want a mapping, got a string`},
	{"list document", "- version: 1\n", `access.yaml:1:1: want a mapping, got a list`},
	{"two documents", with("version", "version: 1\n---\nversion"), `access.yaml:2:1: want one document, got a second one`},
	{"nul", "version: 1\na\x00b: c\n", `access.yaml:2:2: want text, got the control character U+0000`},
	{"invalid utf-8", "version: 1\nä: \xff\n", `access.yaml:2:4: want UTF-8 text, got the byte 0xff`},
	{"utf-16", "\xff\xfev\x00", `access.yaml:1: want UTF-8, got UTF-16`},
	{"tab", "version: 1\nissuers:\n\tcorp: {}\n", `access.yaml:3:1: a tab cannot indent: use spaces`},
	{"unclosed list", with("[portal]", "[portal"), `access.yaml:8: not YAML: want "," or "]" near here: a list is not closed`},
	{"unclosed mapping", with("{}", "{"), `access.yaml:13: not YAML: want a value near here`},
	{"unclosed string", with("[Get]", "'Get"), `access.yaml:9: not YAML: a quoted string is not closed`},
	{"indentation", "version: 1\nissuers:\n   a: {}\n  b: {}\n", `access.yaml:4: not YAML: want a key near here, indented like its neighbours`},
	{"two colons", with("version: 1", "version: 1: 2"), `access.yaml:1: not YAML: a second ":" in one value: quote it, or begin a new line`},
	{"no colon", "version: 1\nissuers\nservices: {}\n", `access.yaml:2: not YAML: want "key: value"`},
	{"bare asterisk", with("[Get]", "[*]"), `access.yaml:9: not YAML: a value cannot begin with "*" or "&": write "*" in quotes`},
	{"asterisk for list", with("[Get]", `"*"`), `access.yaml:9:16: want a list of method names or ["*"], got a string: write ["*"]`},
	{"odd word for list", with("[portal]", `"a\u202eb"`), `access.yaml:8:16: want any or a list of client names, got a string`},
	{"mapping for rules", with("    - clients: [portal]\n", "      clients: [portal]\n"), `access.yaml:8:7: want a list of rules, got a mapping: begin each with "- "`},
	{"at sign", with("portal: {}", "portal: @x"), `access.yaml:12: not YAML: a value cannot begin like this: quote it`},
	{"unknown alias", "version: 1\nclients: {a: {secret: *hunter2}}\n", `access.yaml:2:23: aliases are not allowed in an access matrix`},
	{"alias", "version: &v 1\nissuers: *v\nservices: {}\n", `access.yaml:1:10: anchors are not allowed in an access matrix` + "\n" +
		`access.yaml:2:10: aliases are not allowed in an access matrix`},
	{"merge", with("portal: {}", "portal: {<<: {id: a}}"), `access.yaml:12:12: merge keys are not allowed in an access matrix`},
	{"tag", with("[Get]", "[!!str Get]"), `access.yaml:9:17: tags are not allowed in an access matrix`},
	{"version", with("version: 1", "version: 2"), `access.yaml:1:10: want version 1, got version 2`},
	{"version string", with("version: 1", `version: "1"`), `access.yaml:1:10: want the number 1, got a string`},
	{"no version", with("version: 1\n", ""), `access.yaml:1:1: missing key "version": want the number 1`},
	{"unknown key", with("scopes: none", "scope: none"), `access.yaml:10:7: unknown key "scope", did you mean "scopes"?`},
	{"far key", with("clients:\n", "customers:\n"), `access.yaml:11:1: unknown key "customers"`},
	{"duplicate key", with("  portal: {}", "  portal: {}\n  portal: {}"), `access.yaml:13:3: duplicate key "portal", first on line 12`},
	{"number key", with("portal: {}", "42: {}"), `access.yaml:12:3: want a name, got a number; quote it if it is a name`},
	{"list key", with("portal: {}", "[a]: {}"), `access.yaml:12:3: want a name, got a list`},
	{"null client", with("portal: {}", "portal:"), `access.yaml:12:10: want a mapping, got nothing; write {} for an empty one`},
	{"missing url", with(`{url: "https://idp.example.com"}`, "{}"), `access.yaml:3:9: missing key "url": want a URL such as https://idp.example.com`},
	{"missing scopes", with("      scopes: none\n", ""), `access.yaml:8:7: missing key "scopes": want none or a list of scopes`},
	{"number for string", with("    grpc", "    audience: 42\n    grpc"), `access.yaml:6:15: want a string, got a number; quote it if it is a name`},
	{"mapping for string", with("    grpc", "    audience: {}\n    grpc"), `access.yaml:6:15: want a string, got a mapping`},
	{"null for string", with("    grpc", "    audience:\n    grpc"), `access.yaml:6:14: want a string, got nothing`},
	{"empty string", with("    grpc", "    audience: ''\n    grpc"), `access.yaml:6:15: want a string, got an empty string`},
	{"number in list", with("[Get]", "[1]"), `access.yaml:9:17: want a string, got a number; quote it if it is a name`},
	{"string for list", with("[portal]", "portal"), `access.yaml:8:16: want any or a list of client names, got a string: write [portal]`},
	{"empty list", with("[portal]", "[]"), `access.yaml:8:16: want any or a list of client names, got an empty list`},
	{"yes", with("    grpc", "    self: yes\n    grpc"), `access.yaml:6:11: want true or false, got a string`},
	{"insecure", with("{url", "{insecure: true, url"), `access.yaml:3:20: want loopback or {host: …}, got a boolean`},
	{"both issuers", with("    grpc", "    issuer: corp\n    issuers: [corp]\n    grpc"), `access.yaml:6:5: both issuer and issuers: want one of them`},
	{"literal secret", with("{}", "{secret: hunter2}"), `access.yaml:12:20: want {file: …} or {env: …}: secrets never stand in this file`},
	{"secret as key", with("{}", "{secret: {hunter2}}"), `access.yaml:12:20: want {file: …} or {env: …}: secrets never stand in this file`},
	{"two secrets", with("{}", "{secret: {file: a, env: b}}"), `access.yaml:12:20: want {file: …} or {env: …}: secrets never stand in this file`},
	{"unknown client", with("[portal]", "[portal, protal]"), `access.yaml:8:25: unknown client "protal", did you mean "portal"?`},
	{"second document broken", with("version", "version: 1\n...\nfoo: [\nversion"), `access.yaml:3: not YAML: want the end of the file, got more, indented unlike what stands above`},
	{"undefined tag", with("[Get]", "!x!y [Get]"), `access.yaml:9: not YAML: tags are not allowed in an access matrix`},
	{"number as issuer", with(`{url: "https://idp.example.com"}`, "7"), `access.yaml:3:9: want a mapping, got a number`},
	{"unknown issuer in a list", with("    grpc", "    issuers: [corp, crop]\n    grpc"), `access.yaml:6:21: unknown issuer "crop", did you mean "corp"?`},
	{"anchored word", with("none", "&n none"), `access.yaml:10:15: anchors are not allowed in an access matrix`},
	{"insecure url", with("https:", "http:"), `access.yaml:3:10: "http://idp.example.com" is not https; plain http is accepted on a loopback address only, with insecure: loopback, or on a host that insecure: {host: …} names; its metadata is read there: if it is only a name, say by keys_file, jwks or discovery where the keys are`},
	{"unknown issuer", with("    grpc", "    issuer: crop\n    grpc"), `access.yaml:6:5: unknown issuer "crop", did you mean "corp"?`},

	{"duration as a number", with("example.com\"}", "example.com\", leeway: 30}"), `access.yaml:3:50: want a duration such as 30s or 12h, got a number`},
	{"duration without unit", with("example.com\"}", "example.com\", max_age: '30'}"), `access.yaml:3:51: want a duration such as 30s or 12h, got "30"`},
	{"no duration", with("example.com\"}", "example.com\", leeway: 0s}"), `access.yaml:3:50: want a duration such as 30s or 12h, got "0s"`},
	{"duration as a list", with("example.com\"}", "example.com\", max_lifetime: [1h]}"), `access.yaml:3:56: want a duration such as 30s or 12h, got a list`},
	{"anchored duration", with("example.com\"}", "example.com\", leeway: &a 30s}"), `access.yaml:3:50: anchors are not allowed in an access matrix`},
	{"too much leeway", with("example.com\"}", "example.com\", leeway: 1h}"), `access.yaml:3:42: want between 0 and 5m0s, got 1h0m0s`},
	{"bound", with("example.com\"}", "example.com\", bound: true}"), `access.yaml:3:49: want required, got a boolean`},
	{"algorithm", with("example.com\"}", "example.com\", algorithms: [HS256]}"), `access.yaml:3:55: "HS256" is not an asymmetric signature algorithm, did you mean "ES256"?; there are ES256, ES384, ES512, Ed25519, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512`},
	{"introspection without client", with("example.com\"}", "example.com\", introspection: {secret: {env: E}}}"), `access.yaml:3:42: no client: write the id by which the service authenticates to the issuer`},
	{"introspection with a literal secret", with("example.com\"}", "example.com\", introspection: {client: a, secret: hunter2}}"), `access.yaml:3:77: want {file: …} or {env: …}: secrets never stand in this file`},
	{"rollout without end", with("    grpc", "    rollout: [{mode: warn}]\n    grpc"), `access.yaml:6:15: missing key "until": want a date such as 2027-01-31 or 2027-01-31T12:00:00Z`},
	{"rollout of another mode", with("    grpc", "    rollout: [{mode: enforce, until: 2027-01-31}]\n    grpc"), `access.yaml:6:22: want observe or warn, got "enforce"`},
	{"end that is no date", with("    grpc", "    rollout: [{mode: warn, until: soon}]\n    grpc"), `access.yaml:6:35: want a date such as 2027-01-31 or 2027-01-31T12:00:00Z, got "soon"`},
	{"end far ahead", with("    grpc", "    rollout: [{mode: warn, until: 2999-12-31}]\n    grpc"), `access.yaml:6:28: 3000-01-01T00:00:00Z is more than 90 days ahead`},
	{"any_scopes alone", with("scopes: none", "any_scopes: []"), `access.yaml:10:19: want a list of scopes, got an empty list`},
	{"callers", with("scopes: none", "scopes: none\n      callers: people"), `access.yaml:11:16: want services or users, got "people"`},
	{"claim without values", with("scopes: none", "scopes: none\n      claims: {a: b}"), `access.yaml:11:19: want a list of values, got a string: write [b]`},
	{"claim that is no string", with("scopes: none", "scopes: none\n      claims: {a: [true]}"), `access.yaml:11:20: want a string, got a boolean; quote it if the claim is a string: others cannot be demanded`},
	{"claim with a check of its own", with("scopes: none", "scopes: none\n      claims: {aud: [b]}"), `access.yaml:11:16: claim "aud" cannot be demanded here: it is empty, or has a check of its own`},
	{"no claims", with("scopes: none", "scopes: none\n      claims: {}"), `access.yaml:11:15: want a mapping of claim names, got an empty one`},
	{"no prefix", with("    grpc", "    insecure_no_audience: true\n    grpc"), `access.yaml:6:27: want a mapping, got a boolean`},
}

func TestSyntaxErrorsAreExplained(t *testing.T) {
	for _, row := range broken {
		t.Run(row.name, func(t *testing.T) {
			_, err := policyfile.Parse("access.yaml", []byte(row.text))
			if err == nil {
				t.Fatalf("no error, want %s", row.want)
			}
			if got := err.Error(); got != row.want {
				t.Errorf("got\n%s\nwant\n%s", got, row.want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the secret stands in %v", err)
			}
		})
	}
}
