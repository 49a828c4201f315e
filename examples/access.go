// Package examples holds the access matrix of the company that the examples show.
package examples

import (
	_ "embed"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
)

//go:embed backoffice/access.yaml
var accessYAML []byte

// Policy returns the policy of backoffice/access.yaml.
func Policy() (*access.Policy, error) { return policyfile.Parse("access.yaml", accessYAML) }
