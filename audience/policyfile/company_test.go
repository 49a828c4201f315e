package policyfile_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// company is a random matrix, split into files: the first, and those of two teams.
type company struct {
	*rand.Rand
	files    []map[string][]string // by section: entries, each a line
	services []string              // their names
	grpc     []string              // all gRPC services
	auds     []string              // all audiences of services
	clients  []string
	ids      []string // what tokens call them
	issuers  int
}

const (
	firstFile = 0
	fileA     = 1
	fileB     = 2
	hostile   = 3
)

var splitNames = []string{"access.yaml", "teams/a/access.yaml", "teams/b/access.yaml", "teams/aa/access.yaml"}

func (c *company) add(file int, section, line string, args ...any) {
	c.files[file][section] = append(c.files[file][section], fmt.Sprintf(line, args...))
}

// some returns a few of the values, at least one.
func (c *company) some(values ...string) string {
	picked := []string{c.one(values...)}
	for _, v := range values {
		if c.IntN(4) == 0 && !slices.Contains(picked, v) {
			picked = append(picked, v)
		}
	}
	return strings.Join(picked, ", ")
}

func (c *company) one(values ...string) string { return values[c.IntN(len(values))] }

// newCompany makes a matrix, and splits it.
func newCompany(seed uint64) *company {
	c := &company{Rand: rand.New(rand.NewPCG(seed, 1)), files: make([]map[string][]string, 4)}
	for i := range c.files {
		c.files[i] = map[string][]string{}
	}
	c.issuers = 1 + c.IntN(2)
	for i := range c.issuers {
		c.add(firstFile, "issuers", `  i%d: {url: "https://i%d.example.com"}`, i, i)
	}
	for i := range 4 {
		c.client(i)
	}
	for i := range 4 {
		c.service(i)
	}
	c.add(firstFile, "external", `  api: {audience: "https://api.example.net", grpc: [other.Api], clients: [c0]}`)
	c.add(firstFile, "public", "  - grpc.health.v1.Health")
	return c
}

// client is one of the first file or of a team, with credentials of that file.
func (c *company) client(i int) {
	name, id, file := fmt.Sprintf("c%d", i), fmt.Sprintf("id-%d", i), c.IntN(3)
	if i == 0 {
		file = firstFile
	}
	c.clients, c.ids = append(c.clients, name), append(c.ids, id)
	secret := c.one("", ", secret: {file: "+name+".secret}", ", token_files: {s0: "+name+"/token}")
	if file == firstFile {
		secret = c.one(secret, ", secret: {env: SECRET}", ", secret: {file: /run/secrets/"+name+"}")
	}
	c.add(file, "clients", "  %s: {issuer: i%d, id: %s%s}", name, c.IntN(c.issuers), id, secret)
}

// service is one of the first file or of a team.
func (c *company) service(i int) {
	name, file := fmt.Sprintf("s%d", i), c.IntN(3)
	grpc := fmt.Sprintf("acme.S%d", i)
	c.services, c.grpc = append(c.services, name), append(c.grpc, grpc)
	aud := ""
	switch c.IntN(3) {
	case 0:
		c.auds = append(c.auds, name)
	case 1:
		aud = fmt.Sprintf("audience: %s-aud, ", name)
		c.auds = append(c.auds, name+"-aud")
	default:
		aud = fmt.Sprintf("audience: [%s, %s-old], ", name, name)
		c.auds = append(c.auds, name, name+"-old")
	}
	issuers := c.one("[i0]", fmt.Sprintf("[i%d]", c.issuers-1))
	more := c.one("", "closed: [Dump], ", "sole_audience: true, ", "authorities: ["+name+".example.com], ")
	allow := fmt.Sprintf("{clients: %s, methods: [%s], scopes: %s%s}", c.one("any", "["+c.some(c.clients...)+"]"),
		c.one(`Get`, `Get, Put`), c.one("none", "[read]", "[write]"), c.one("", ", optional: true", ", callers: services"))
	c.add(file, "services", "  %s: {issuers: %s, %s%sgrpc: [%s], allow: [%s]}", name, issuers, aud, more, grpc, allow)
	if c.IntN(2) == 0 {
		c.add([]int{file, firstFile}[c.IntN(2)], "public", "  - %s/Version", grpc)
	}
}

// attack adds to the hostile file what may open, take or use something of others.
func (c *company) attack() {
	c.files[hostile] = map[string][]string{}
	grpc, aud, scopes, more := "evil.E", "evil", "none", ""
	for range c.IntN(3) {
		switch c.IntN(9) {
		case 0:
			grpc += ", " + c.one(append(c.grpc, "other.Api", "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "acme.Common")...)
		case 1:
			aud = c.one(append(c.auds, c.services...)...)
		case 2:
			victim := c.one(c.auds...)
			scopes = "[" + c.one(victim, victim+"/.default", "'x:"+victim+"'", "read") + "]"
		case 3:
			more += c.one("rollout: [{mode: observe, until: 2020-01-01}], ", "self: true, ", "authorities: [s0.example.com], ")
		case 4:
			c.add(hostile, "public", "  - %s/%s", c.one(append(c.grpc, "evil.E", "acme.Common", "grpc.health.v1.Health")...), c.one("Get", "Dump", "Ping"))
		case 5:
			c.add(hostile, "clients", "  zz%d: {issuer: i0, id: %s%s}", c.IntN(3), c.one("evil-id", c.one(c.ids...)),
				c.one("", ", secret: {file: zz.secret}", ", secret: {env: SECRET}", ", secret: {file: ../a/c1.secret}", ", assertion: {file: /run/secrets/c0}", ", token_files: {s0: ../b/c2/token}"))
		case 6:
			c.add(hostile, "external", "  x%d: {audience: %s, %sauthorities: [evil.example], clients: [%s], scopes: [%s]}", c.IntN(2), c.one(append(c.auds, "x")...),
				c.one("", "grpc: ["+c.one(c.grpc...)+"], "), c.some(c.clients...), c.one(append(c.auds, "read")...))
		case 7:
			c.add(hostile, "issuers", `  %s: {url: "https://%s.example"%s}`, c.one("i0", "i1", "evil"), c.one("i0", "i9"), c.one("", ", token_url: https://evil.example/token"))
		default:
			c.add(hostile, "services", "  %s: {issuers: [i0], audience: %s, grpc: [evil.F], allow: [{clients: any, methods: ['*'], scopes: none}]}", c.one(append(c.services, "api", "f")...), c.one(append(c.auds, "f")...))
		}
	}
	c.add(hostile, "services", "  evil: {issuers: [i0], audience: %s, %sgrpc: [%s], allow: [{clients: %s, methods: [%s], scopes: %s, optional: true}]}",
		aud, more, grpc, c.one("any", "["+c.some(c.clients...)+"]"), c.one("'*'", "Get, Dump"), scopes)
}

// write writes the files, and returns the path of the first.
func (c *company) write(t *testing.T, dir string, files int) string {
	t.Helper()
	for i, sections := range c.files[:files] {
		text := "version: 1\n"
		if i == firstFile {
			text += "includes: [teams/*/access.yaml]\n"
		}
		for _, section := range slices.Sorted(maps.Keys(sections)) {
			text += section + ":\n" + strings.Join(sections[section], "\n") + "\n"
		}
		write(t, filepath.Join(dir, splitNames[i]), text)
	}
	return filepath.Join(dir, splitNames[firstFile])
}

// whole returns the matrix in one file.
func (c *company) whole() string {
	text := "version: 1\n"
	for _, section := range []string{"issuers", "services", "clients", "external", "public"} {
		text += section + ":\n"
		for _, sections := range c.files[:hostile] {
			for _, line := range sections[section] {
				text += line + "\n"
			}
		}
	}
	return text
}
