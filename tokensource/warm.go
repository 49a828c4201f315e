package tokensource

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Warm fetches the client's own tokens for these audiences, all at once, so that the
// first calls need not wait. It returns when each of them is there or has failed.
// The errors are those of [Cache.Token], joined, each with its audience. A service
// need not stop because of them: Token tries again.
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
