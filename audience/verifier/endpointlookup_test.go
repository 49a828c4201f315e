package verifier_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience/verifier"
)

// TestEndpointIsLookedUpOnceForAll shows that calls which wait for a lookup share its
// result, also a failure, and that the end of one call's context does not concern the
// others.
func TestEndpointIsLookedUpOnceForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lookups := 0 // one at a time
		outcome := errors.New("down")
		find := verifier.NewEndpointLookup(func(ctx context.Context) (string, error) {
			lookups++
			select {
			case <-ctx.Done():
				return "", ctx.Err()
			case <-time.After(time.Second):
				return "https://idp.example.com/introspect", outcome
			}
		})
		together := func(want error) {
			t.Helper()
			var group sync.WaitGroup
			for range 50 {
				group.Go(func() {
					if _, err := find(t.Context()); !errors.Is(err, want) {
						t.Errorf("find = %v, want %v", err, want)
					}
				})
			}
			group.Wait()
		}
		if together(outcome); lookups != 1 {
			t.Errorf("%d lookups for 50 calls at once, want 1", lookups)
		}
		time.Sleep(time.Second)
		impatient, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		var group sync.WaitGroup
		group.Go(func() {
			if _, err := find(impatient); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("find with half a second = %v", err)
			}
		})
		synctest.Wait()
		outcome = nil
		if together(nil); lookups != 3 {
			t.Errorf("%d lookups, want one that was given up and one for 50 calls", lookups-1)
		}
		group.Wait()
		if together(nil); lookups != 3 {
			t.Errorf("%d lookups of an address that is known, want none", lookups-3)
		}
	})
}
