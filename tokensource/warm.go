package tokensource

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Warm gets the client's own tokens for these audiences, all at once, so that the
// first calls need not wait. It returns when all are there or have failed; the
// errors are those of [Cache.Token], joined, each with its audience. A service
// need not stop for them: Token tries again.
func (s *Cache) Warm(ctx context.Context, audiences ...string) error {
	errs := make([]error, len(audiences))
	var all sync.WaitGroup
	for i, audience := range audiences {
		all.Go(func() {
			if _, err := s.Token(ctx, Request{Audience: audience}); err != nil {
				errs[i] = fmt.Errorf("%q: %w", audience, err)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}
