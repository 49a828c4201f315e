package tokensource

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Warm fetches the client's own tokens for these audiences, concurrently, so that the
// first calls do not wait. It returns when each fetch has succeeded or failed. Its
// error joins the errors of [Cache.Token], each with its audience. A service need not
// stop because of it: Token tries again.
func (c *Cache) Warm(ctx context.Context, audiences ...string) error {
	errs := make([]error, len(audiences))
	var all sync.WaitGroup
	for i, audience := range audiences {
		all.Go(func() {
			if _, err := c.Token(ctx, Request{Audience: audience}); err != nil {
				errs[i] = fmt.Errorf("%q: %w", audience, err)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}
