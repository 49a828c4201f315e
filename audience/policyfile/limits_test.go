package policyfile_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
)

// The files of a company: the first, and one of the HR team. A row adds one of
// another team.
const (
	companyFile = `version: 1
includes: [teams/*.yaml, teams/sub/*.yaml]
issuers:
  corp: {url: "https://idp.example.com", preset: keycloak}
  pool: {url: "https://pool.example.com", preset: cognito}
  tenant: {url: "https://tenant.example.com", ask: {scope: "for-{audience}-all"}, preset: {types: [at+jwt], client: client_id, ask: {scope: "of-{audience}"}, exchange: {scope: "swap-{audience}"}}}
services:
  audit: {issuer: corp, grpc: [acme.Audit], audience: [audit, audit-v0], allow: [{clients: [portal], methods: [Get], scopes: none}]}
clients:
  portal: {issuer: corp, secret: {env: PORTAL_SECRET}}
  batch: {issuer: corp, secret: {file: /run/secrets/batch}}
  shop: {issuer: tenant}
external:
  tracking: {audience: "https://tracking.example.net", grpc: [carrier.v1.Tracking], clients: [portal]}
`
	hrFile = `version: 1
services:
  people: {issuer: corp, grpc: [acme.People], allow: [{clients: [portal, hr], methods: ["*"], scopes: [people.read]}]}
  payroll: {issuer: pool, audience: pay, insecure_no_audience: {scope_prefix: money/}, grpc: [acme.Pay], allow: [{clients: [cashier], methods: [Get], scopes: [money/read]}]}
clients:
  hr: {issuer: corp, id: hr-1, secret: {file: hr.secret}}
  cashier: {issuer: pool, token_files: {payroll: cashier/token}}
`
	newsFile = `version: 1
services:
  news: {issuer: corp, grpc: [acme.News], allow: [{clients: [portal], methods: ["*"], scopes: none}]}
`
)

// options are what a .proto file says of a service that no file has.
var declared = []access.MethodOptions{{GRPC: "acme.Mail", Method: "Send", Place: "mail.proto:3", Audience: "mail", Demands: access.Allow{Clients: []string{"portal"}, Scopes: []string{"send"}}}}

// loadCompany loads the files, with those of a row.
func loadCompany(t *testing.T, more map[string]string, options ...access.MethodOptions) error {
	t.Helper()
	files := map[string]string{"access.yaml": companyFile, "teams/hr.yaml": hrFile, "teams/sub/sub.yaml": "version: 1\n"}
	maps.Copy(files, more)
	t.Chdir(folder(t, files))
	_, err := policyfile.Load("access.yaml", options...)
	return err
}

// TestIncludedFileKeepsToItsOwn shows that an included file cannot open, take or use
// anything of another file, and that the error says where and why.
func TestIncludedFileKeepsToItsOwn(t *testing.T) {
	service := func(old, text string) string { return strings.Replace(newsFile, old, text, 1) }
	with := func(text string) string { return newsFile + text }
	for _, row := range []struct{ name, file, want string }{
		{"a gRPC service of another team", service("[acme.News]", "[acme.News, acme.People]"), `news.yaml:3:42: gRPC service "acme.People" belongs to "people" at teams/hr.yaml:3:3: only that file may have it`},
		{"a gRPC service of the first file", service("[acme.News]", "[acme.Audit]"), `news.yaml:3:31: gRPC service "acme.Audit" belongs to "audit" at access.yaml:8:3: only that file may have it`},
		{"a gRPC service of an API of the first file", service("[acme.News]", "[carrier.v1.Tracking]"), `news.yaml:3:31: gRPC service "carrier.v1.Tracking" belongs to "tracking" at access.yaml:14:3: only that file may have it`},
		{"an API that has another's gRPC service", with("external: {x: {grpc: [acme.People], clients: [portal]}}\n"), `news.yaml:4:23: gRPC service "acme.People" belongs to "people" at teams/hr.yaml:3:3: only that file may have it`},
		{"health", service("[acme.News]", "[grpc.health.v1.Health]"), `news.yaml:3:31: grpc.health.v1.Health may be on every server: only access.yaml can have it`},
		{"reflection, opened", service("[acme.News]", "[grpc.reflection.v1.ServerReflection]") + "public: [grpc.reflection.v1.ServerReflection/ServerReflectionInfo]\n", `news.yaml:3:31: grpc.reflection.v1.ServerReflection may be on every server: only access.yaml can have it`},
		{"public for another's", with("public: [acme.People/Get]\n"), `news.yaml:4:10: "acme.People/Get" belongs to no service of this file: only access.yaml can make it public`},
		{"public for another's, taken first", service("[acme.News]", "[acme.News, acme.People]") + "public: [acme.People/Get]\n", `"acme.People/Get" belongs to no service of this file: only access.yaml can make it public`},
		{"public for everybody's", with("public: [grpc.health.v1.Health]\n"), `news.yaml:4:10: "grpc.health.v1.Health" belongs to no service of this file: only access.yaml can make it public`},
		{"an audience that is another's name", service("grpc:", "audience: people, grpc:"), `news.yaml:3:24: audience "people" belongs to "people" at teams/hr.yaml:3:3: only that file may have it`},
		{"an audience of a list, in a list", service("grpc:", "audience: [news, audit-v0], grpc:"), `news.yaml:3:41: audience "audit-v0" belongs to "audit" at access.yaml:8:3: only that file may have it`},
		{"a name that is another's audience", service("news: {issuer: corp,", "pay: {issuer: pool,"), `news.yaml:3:3: audience "pay" belongs to "payroll" at teams/hr.yaml:4:3: only that file may have it`},
		{"an audience at one of several issuers", service("issuer: corp,", "issuers: [tenant, pool], audience: pay,"), `news.yaml:3:35: audience "pay" belongs to "payroll" at teams/hr.yaml:4:3: only that file may have it`},
		{"the audience of an API", service("grpc:", `audience: "https://tracking.example.net", grpc:`), `news.yaml:3:24: audience "https://tracking.example.net" belongs to "tracking" at access.yaml:14:3: only that file may have it`},
		{"an API with another's audience", with("external: {x: {audience: people, authorities: [evil.example], clients: [portal]}}\n"), `news.yaml:4:16: audience "people" belongs to "people" at teams/hr.yaml:3:3: only that file may have it`},
		{"an API by another's audience", with("external: {pay: {issuer: pool, clients: [cashier]}}\n"), `news.yaml:4:12: audience "pay" belongs to "payroll" at teams/hr.yaml:4:3: only that file may have it`},
		{"the address of an issuer", service("grpc:", `audience: "https://idp.example.com", grpc:`), `news.yaml:3:24: audience "https://idp.example.com" belongs to "corp" at access.yaml:4:3: only that file may have it`},
		{"an audience of the options", service("grpc:", "audience: mail, grpc:"), `news.yaml:3:24: audience "mail" belongs to "acme.Mail" at mail.proto:3: only that file may have it`},
		{"a name of the options", service("news: {issuer: corp, grpc: [acme.News]", "acme.Mail: {issuer: corp, audience: x, grpc: [acme.Mail]"), `news.yaml:3:3: "acme.Mail" is what the options at mail.proto:3 call a service: give this one another name`},
		{"a longer prefix", service("news: {issuer: corp,", "news: {issuer: pool, insecure_no_audience: {scope_prefix: money/all/},"), `news.yaml:3:47: "money/all/" and "money/" of "payroll" at teams/hr.yaml:4:3 begin alike: each would accept tokens of the other`},
		{"the same prefix", service("news: {issuer: corp,", "news: {issuer: pool, insecure_no_audience: {scope_prefix: money/},"), `begin alike`},
		{"a scope that is an audience", service("scopes: none", "scopes: [people]"), `news.yaml:3:96: scope "people" may get a token for "people" at teams/hr.yaml:3:3: only that file may have it`},
		{"one of some scopes", service("scopes: none", "any_scopes: [a, audit-v0]"), `scope "audit-v0" may get a token for "audit" at access.yaml:8:3`},
		{"a scope of the kind of Entra", service("scopes: none", "scopes: [people/.default]"), `scope "people/.default" may get a token for "people"`},
		{"a scope of the kind of Cognito", service("scopes: none", "scopes: [money/read]"), `scope "money/read" may get a token for "payroll"`},
		{"a scope of the kind of ZITADEL", service("scopes: none", "scopes: ['urn:zitadel:iam:org:project:id:people:aud']"), `may get a token for "people"`},
		{"a scope of the kind of Dex", service("scopes: none", "scopes: ['audience:server:client_id:people']"), `may get a token for "people"`},
		{"a scope as a written preset asks", service("scopes: none", "scopes: [of-people]"), `scope "of-people" may get a token for "people"`},
		{"a scope as it asks in an exchange", service("scopes: none", "scopes: [swap-people]"), `scope "swap-people" may get a token for "people"`},
		{"a scope as an issuer is asked", service("scopes: none", "scopes: [for-people-all]"), `scope "for-people-all" may get a token for "people"`},
		{"a scope that hides an audience", service("scopes: none", "scopes: ['"+strings.Repeat("a:", 40)+"people']"), `a scope of more than 32 parts: only access.yaml can have it`},
		{"a scope of an API", with("external: {x: {clients: [portal], scopes: [people]}}\n"), `news.yaml:4:44: scope "people" may get a token for "people"`},
		{"self for another's client", service("news: {", "hr: {self: true, "), `news.yaml:3:8: the client "hr" stands in teams/hr.yaml: self is for a client of this file or of access.yaml`},
		{"another's client at an API", with("external: {x: {clients: [portal, hr]}}\n"), `news.yaml:4:34: the client "hr" stands in teams/hr.yaml: want clients of this file or of access.yaml`},
		{"another's client by another name", with("clients: {zz: {issuer: corp, id: hr-1}}\n"), `news.yaml:4:11: "hr" is the same client of the same issuer`},
		{"another's client by its name", with("clients: {zz: {issuer: corp, id: portal}}\n"), `news.yaml:4:11: "portal" is the same client of the same issuer`},
		{"an issuer", with("issuers: {evil: {url: https://evil.example}}\n"), `news.yaml:4:1: only access.yaml may have the key "issuers": whose tokens count, and who is shown secrets, concerns every service`},
		{"an issuer that is there already", with("issuers: {corp: {token_url: https://evil.example}}\n"), `news.yaml:4:1: only access.yaml may have the key "issuers"`},
		{"a client at no issuer of the first", with("clients: {zz: {issuer: evil}}\n"), `unknown issuer "evil"`},
		{"a secret of the environment", with("clients: {zz: {issuer: corp, secret: {env: PORTAL_SECRET}}}\n"), `news.yaml:4:39: only access.yaml may have the key "env": the environment belongs to the whole process, and a name does not tell whose a variable is`},
		{"a key of the environment", with("clients: {zz: {issuer: corp, private_key_jwt: {env: KEY}}}\n"), `news.yaml:4:48: only access.yaml may have the key "env"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := loadCompany(t, map[string]string{"teams/news.yaml": row.file}, declared...)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("Load = %v\nwant %s", err, row.want)
			}
		})
	}
}

// TestIncludedFileKeepsToItsFolder shows that an included file may name only files in
// its own folder, and no file that another file names.
func TestIncludedFileKeepsToItsFolder(t *testing.T) {
	for name, row := range map[string]struct{ way, want string }{
		"secret, absolute":              {"secret: {file: /run/secrets/news}", "want a file in the folder of this one or below: only access.yaml may name others"},
		"secret, upwards":               {"secret: {file: ../main.secret}", "want a file in the folder of this one or below"},
		"secret, down and up":           {"secret: {file: a/../../main.secret}", "want a file in the folder of this one or below"},
		"key":                           {"private_key_jwt: {file: ../key.pem}", "want a file in the folder of this one or below"},
		"assertion":                     {"assertion: {file: /var/run/token}", "want a file in the folder of this one or below"},
		"certificate":                   {"mtls: {cert: ../tls.crt, key: tls.key}", "want a file in the folder of this one or below"},
		"key of a certificate":          {"mtls: {cert: tls.crt, key: ../tls.key}", "want a file in the folder of this one or below"},
		"token":                         {"token_files: {people: /var/run/token}", "want a file in the folder of this one or below"},
		"a link out":                    {"secret: {file: out}", "want a file that no link leads out of the folder of this one to"},
		"a link to nothing, out":        {"secret: {file: nowhere}", "want a file that no link leads out of the folder of this one to"},
		"a folder out":                  {"secret: {file: up/main.secret}", "want a file that no link leads out of the folder of this one to"},
		"a loop":                        {"secret: {file: loop}", "want a file that no link leads out of the folder of this one to"},
		"another's":                     {"secret: {file: hr.secret}", "teams/hr.yaml names this file too: each file has credentials of its own"},
		"another's, there or not":       {"token_files: {people: cashier/token}", "teams/hr.yaml names this file too"},
		"another's, by a link":          {"secret: {file: to-hr}", "teams/hr.yaml names this file too"},
		"another's folder":              {"secret: {file: sub/x.secret}", "the folder of this file is that of teams/sub/sub.yaml"},
		"another's folder, below":       {"secret: {file: sub/none/x.secret}", "the folder of this file is that of teams/sub/sub.yaml"},
		"another's, a folder by a link": {"secret: {file: to-sub/x.secret}", "the folder of this file is that of teams/sub/sub.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, map[string]string{
				"access.yaml": companyFile, "teams/hr.yaml": hrFile, "main.secret": "hunter2",
				"teams/news.yaml": newsFile + "clients: {zz: {issuer: corp, " + row.way + "}}\n",
				"teams/hr.secret": "s", "teams/cashier/x": "", "teams/sub/sub.yaml": "version: 1\n", "teams/sub/x.secret": "s",
			})
			links(t, filepath.Join(dir, "teams"), map[string]string{
				"out": "../main.secret", "nowhere": "/nowhere/at/all", "up": "..", "loop": "loop", "to-hr": "hr.secret", "to-sub": "sub",
			})
			t.Chdir(dir)
			_, err := policyfile.Load("access.yaml")
			if err == nil || !strings.HasPrefix(err.Error(), "teams/news.yaml:4:") || !strings.Contains(err.Error(), row.want) {
				t.Errorf("Load = %v\nwant %s", err, row.want)
			}
		})
	}
}

// TestFilesAreComparedByWhatTheyAre shows that a file which two files name by
// different paths is found, and so is the folder of another file.
func TestFilesAreComparedByWhatTheyAre(t *testing.T) {
	for name, row := range map[string]struct {
		first, team string // paths of secrets
		want        string
	}{
		"relative and absolute": {"{dir}/teams/n.secret", "n.secret", "access.yaml names this file too"},
		"a hard link":           {"hard.secret", "n.secret", "access.yaml names this file too"},
		"a link to the folder":  {"linked/n.secret", "n.secret", "access.yaml names this file too"},
		"different files":       {"other.secret", "n.secret", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, map[string]string{"teams/n.secret": "s", "other.secret": "s", "teams/sub/sub.yaml": "version: 1\n"})
			write(t, filepath.Join(dir, "access.yaml"), strings.Replace(companyFile, "secret: {env: PORTAL_SECRET}", "secret: {file: "+strings.Replace(row.first, "{dir}", dir, 1)+"}", 1))
			write(t, filepath.Join(dir, "teams", "hr.yaml"), hrFile)
			write(t, filepath.Join(dir, "teams", "news.yaml"), newsFile+"clients: {zz: {issuer: corp, secret: {file: "+row.team+"}}}\n")
			links(t, dir, map[string]string{"linked": "teams"})
			if err := os.Link(filepath.Join(dir, "teams", "n.secret"), filepath.Join(dir, "hard.secret")); err != nil {
				t.Skipf("no hard links here: %v", err)
			}
			t.Chdir(dir)
			_, err := policyfile.Load("access.yaml")
			if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
				t.Errorf("Load = %v, want %q", err, row.want)
			}
		})
	}
}

func links(t *testing.T, dir string, targets map[string]string) {
	t.Helper()
	for name, target := range targets {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Skipf("no links here: %v", err)
		}
	}
}

// TestIncludedFileMay shows that what files of teams need is allowed.
func TestIncludedFileMay(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":                        newsFile,
		"an audience of another issuer":  strings.Replace(newsFile, "issuer: corp,", "issuer: tenant, audience: people,", 1),
		"methods of its own, public":     newsFile + "public: [acme.News/Version]\n",
		"files of its folder":            newsFile + "clients: {zz: {issuer: corp, secret: {file: ../teams/./zz/secret}}, yy: {issuer: corp, mtls: {cert: yy.crt, key: yy.crt}}}\n",
		"files as Kubernetes has them":   newsFile + "clients: {zz: {issuer: corp, secret: {file: mounted}}}\n",
		"an API that others call too":    newsFile + "external: {carrier: {audience: 'https://tracking.example.net', grpc: [carrier.v1.Tracking], clients: [portal]}}\n",
		"self for the first's client":    strings.Replace(newsFile, "news: {", "batch: {self: true, ", 1),
		"self for a client of its own":   strings.Replace(newsFile, "news: {", "news: {self: true, ", 1) + "clients: {news: {issuer: corp}}\n",
		"a prefix of its own":            strings.Replace(newsFile, "news: {issuer: corp, grpc: [acme.News], allow: [{clients: [portal], methods: [\"*\"], scopes: none}]", "news: {issuer: pool, insecure_no_audience: {scope_prefix: news/}, grpc: [acme.News], allow: [{clients: [cashier], methods: [Get], scopes: [news/read]}]", 1),
		"scopes that resemble":           strings.Replace(newsFile, "scopes: none", "scopes: [people.read, 'people:read', xpeople, news, news/all]", 1),
		"a rollout and closed methods":   strings.Replace(newsFile, "grpc:", "rollout: [{mode: observe, until: 2020-01-01, clients: [hr]}], closed: [Delete], authorities: [news.example.com], sole_audience: true, grpc:", 1),
		"one gRPC service, two services": newsFile + "  news-v2: {issuer: corp, grpc: [acme.News], allow: [{clients: [hr], methods: [Get], scopes: none}]}\n",
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, map[string]string{"access.yaml": companyFile, "teams/hr.yaml": hrFile, "teams/news.yaml": text, "teams/..1/mounted": "s", "teams/sub/sub.yaml": "version: 1\n"})
			links(t, filepath.Join(dir, "teams"), map[string]string{"..data": "..1", "mounted": "..data/mounted"})
			if _, err := policyfile.Load(filepath.Join(dir, "access.yaml")); err != nil {
				t.Errorf("Load = %v", err)
			}
		})
	}
}
