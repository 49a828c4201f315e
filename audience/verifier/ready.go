package verifier

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Ready returns nil if tokens of every issuer can be verified: its keys are there, or,
// if it is asked about each token, its endpoint and the client secret are known and the
// last request succeeded. Ready fetches missing keys of all issuers at the same time, and
// waits for the outcome no longer than ctx. It does not retry. Its error joins one for
// each issuer that is not ready. Call it from a probe, or before serving; a verifier also
// gets ready when the first tokens come.
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
