package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/internal/nearest"
)

// unexplained returns a warning for each entry without a why, and for each service without
// an owner. Rules that only options of .proto files have are left out: the file cannot
// explain them.
func unexplained(policy *access.Policy) []*access.Problem {
	m := policy.Matrix()
	var found []*access.Problem
	warn := func(text string, path ...string) {
		found = append(found, &access.Problem{Path: path, Text: text, Severity: access.Warning})
	}
	for _, name := range slices.Sorted(maps.Keys(m.Services)) {
		if policy.Place("services", name) == "" {
			continue
		}
		if m.Services[name].Owner == "" {
			warn("no owner: write who answers for the service, such as owner: team-orders", "services", name)
		}
		for i, allow := range m.Services[name].Allow {
			if allow.Why == "" {
				warn("no why: write what these clients need the methods for", "services", name, "allow", strconv.Itoa(i))
			}
		}
	}
	return found
}

// alikeNames warns of clients that are easily taken for one another.
func alikeNames(m access.Matrix) []*access.Problem {
	var names []string
	for name, client := range m.Clients {
		names = append(names, inFile(name, client))
	}
	var found []*access.Problem
	for _, pair := range nearest.Alike(names) {
		found = append(found, &access.Problem{
			Path: []string{"clients", pair[1]}, Severity: access.Warning,
			Text: fmt.Sprintf("%q is easily taken for client %q: give one of them another name, and keep what tokens call it under id", pair[1], pair[0]),
		})
	}
	return found
}

// inFile returns the name of a client in the file. A client of a tenant is CLIENT/TENANT
// in the matrix.
func inFile(name string, client access.Client) string {
	slash := strings.LastIndexByte(name, '/')
	if tenant := strings.LastIndexByte(client.Issuer, '/'); slash >= 0 && tenant >= 0 && name[slash:] == client.Issuer[tenant:] {
		return name[:slash]
	}
	return name
}
