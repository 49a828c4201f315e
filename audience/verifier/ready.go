package verifier

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Ready returns nil if tokens of every issuer can be verified: its keys are at
// hand, or, where it is asked about each token, it is known where and as whom to
// ask, and the last answer was one. Keys that are not at hand are fetched, of all
// issuers at once; Ready waits for the outcome, but no longer than ctx, and does
// not try again. Its error joins one for each issuer that is not ready. Call it
// from a probe, or before serving; a verifier gets ready by itself when the first
// tokens come.
func (v *Verifier) Ready(ctx context.Context) error {
	issuers := v.current.Load().sorted()
	errs := make([]error, len(issuers))
	var group sync.WaitGroup
	for n, i := range issuers {
		group.Go(func() {
			if err := i.ready(ctx); err != nil {
				errs[n] = fmt.Errorf("verifier: issuer %s: %w", i.url, err)
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

func (k *keySet) ready(ctx context.Context) error {
	_, err := k.next(ctx, "", false, func(*snapshot) bool { return true })
	return err
}
