package audience

import (
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/test"
	"time"
)

// Read is what the rules ask of claims, beyond what is exported.
type Read struct {
	Roles    []string
	Service  bool
	Binding  string
	ACR      string
	AuthTime time.Time
}

func (c *claims.Claims) Read() test.Read {
	return test.Read{c.ROLES(), c.IsService(), c.Binding(), c.ACR(), c.AuthTime()}
}

func (c *claims.Claims) Member(name string) (any, bool) { return c.Claim(name) }
