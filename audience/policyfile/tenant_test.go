package policyfile_test

import (
	"strings"
	"testing"
)

// tenantFile is a first file whose only issuer has two tenants.
const tenantFile = `version: 1
includes: [teams/*.yaml]
issuers:
  acme: {url: "https://login.example.com/{tenant}/v2.0", tenants: [t1, t2]}
services:
  audit: {grpc: [acme.Audit], allow: [{clients: [portal], methods: [Get], scopes: none}]}
clients:
  portal: {}
`

// TestIncludedFileOfTenants shows that an included file cannot take anything of
// another file by a name at one tenant.
func TestIncludedFileOfTenants(t *testing.T) {
	const (
		people = "version: 1\nclients: {hr: {}}\nservices:\n  people: {grpc: [acme.People], allow: [{clients: [hr], methods: [Get], scopes: none}]}\n"
		news   = "version: 1\nservices:\n  news: {grpc: [acme.News], allow: [{clients: [portal/t1], methods: [Get], scopes: none}]}\n"
	)
	for name, row := range map[string]struct{ file, want string }{
		"its own service":                {news, ""},
		"another's audience at a tenant": {strings.Replace(news, "{grpc", "{issuer: acme/t2, audience: people, grpc", 1), `news.yaml:3:27: audience "people" belongs to "people" at teams/hr.yaml:4:3`},
		"the address of a tenant":        {strings.Replace(news, "{grpc", `{audience: "https://login.example.com/t2/v2.0", grpc`, 1), `audience "https://login.example.com/t2/v2.0" belongs to "acme/t2"`},
		"another's client at a tenant":   {news + "external: {x: {clients: [hr/t1]}}\n", `news.yaml:4:26: the client "hr/t1" stands in teams/hr.yaml`},
		"the name of another's client":   {news + "clients: {hr/t1: {id: x}}\n", `"hr/t1" stands for "hr" at tenant "t1"`},
		"an unlisted tenant":             {news + "clients: {other: {issuer: acme/t3}}\n", `unknown issuer "acme/t3"`},
	} {
		t.Run(name, func(t *testing.T) {
			err := loadCompany(t, map[string]string{"access.yaml": tenantFile, "teams/hr.yaml": people, "teams/news.yaml": row.file})
			if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %q", err, row.want)
			}
		})
	}
}
