package review

import "github.com/grpcaud/grpcaud/audience/access"

// Prove tries the rules of a narrower policy.
func (c *Counter) Prove(narrow *access.Policy) error {
	return (&patcher{uses: c.uses()}).prove(narrow)
}

// Limit sets how many kinds of calls are counted apart.
func (c *Counter) Limit(rows int) { c.maxRows = rows }
