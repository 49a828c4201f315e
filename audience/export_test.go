package audience

import "time"

// Read is what the rules ask of claims, beyond what is exported.
type Read struct {
	Roles    []string
	Service  bool
	Binding  string
	ACR      string
	AuthTime time.Time
}

func (c *Claims) Read() Read { return Read{c.roles, c.service, c.binding, c.acr, c.authTime} }

func (c *Claims) Member(name string) (any, bool) { return c.member(name) }
