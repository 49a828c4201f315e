package signals_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/audience/signals"
)

// TestEventCountsOnce shows that an event which comes again is acknowledged and changes
// nothing, and that another one with its id is refused.
func TestEventCountsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, company(t))
		token := o.event(changed("jti", "1"))
		for range 3 {
			if got := o.send(t, token); got.status != http.StatusAccepted {
				t.Errorf("%d\n%s", got.status, &o.log)
			}
		}
		if got := o.send(t, o.event(statement(map[string]any{"jti": "1", "sub_id": map[string]any{"format": "opaque", "id": "bob"}}))); got.status != http.StatusBadRequest {
			t.Errorf("another event with the id: %d, want 400", got.status)
		}
		if got := o.store.entries(); len(got) != 1 || got[0].Subject != "alice" {
			t.Errorf("revoked %+v, want alice once", got)
		}
		if !strings.Contains(o.log.String(), "outcome=repeated") {
			t.Errorf("log %s", &o.log)
		}
	})
}

// TestOldEventChangesNothingAgain shows that an event which is sent again after it was
// forgotten names the same tokens, for no longer: a token that was issued after it is
// accepted.
func TestOldEventChangesNothingAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, company(t))
		token := o.event(statement(nil))
		o.send(t, token)
		time.Sleep(23 * time.Hour)
		if got := o.send(t, token); got.status != http.StatusAccepted {
			t.Fatalf("%d\n%s", got.status, &o.log)
		}
		all := o.store.entries()
		if len(all) != 2 || cmp.Diff(all[0], all[1]) != "" {
			t.Errorf("revoked %+v, want the same twice", all)
		}
		if err := o.store.list.Revoked(t.Context(), issued(t, nil)); err != nil {
			t.Errorf("a token of now: %v", err)
		}
		time.Sleep(2 * time.Hour)
		if got := o.send(t, token); got.status != http.StatusBadRequest {
			t.Errorf("when no token of then is left: %d, want 400", got.status)
		}
	})
}

// TestEventIsAcknowledgedWhenItIsStored shows that an event comes again until what follows
// from it is stored.
func TestEventIsAcknowledgedWhenItIsStored(t *testing.T) {
	for name, err := range map[string]error{"the store is away": errors.New("away"), "the list is full": revocation.ErrFull} {
		synctest.Test(t, func(t *testing.T) {
			o := newOffice(t, company(t))
			token := o.event(statement(nil))
			o.store.fail(err)
			for range 2 {
				if got := o.send(t, token); got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
					t.Errorf("%s: %d, Retry-After %q", name, got.status, got.header.Get("Retry-After"))
				}
			}
			o.store.fail(nil)
			if got := o.send(t, token); got.status != http.StatusAccepted || len(o.store.entries()) != 1 {
				t.Errorf("%s, then not: %d, %+v", name, got.status, o.store.entries())
			}
		})
	}
}

// TestFullListIsAnsweredLater shows that a list in memory takes no event that it cannot keep.
func TestFullListIsAnsweredLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := revocation.NewList(1)
		o := newOffice(t, company(t), signals.RevokeIn(list))
		if got := o.send(t, o.event(statement(nil))); got.status != http.StatusAccepted {
			t.Fatalf("%d\n%s", got.status, &o.log)
		}
		if got := o.send(t, o.event(changed("sub_id", session("s-9")))); got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") != "60" {
			t.Errorf("one more: %d, Retry-After %q, want 503 and 60", got.status, got.header.Get("Retry-After"))
		}
	})
}

// TestKeysThatCannotBeFetched shows that what is unknown is not refused for good.
func TestKeysThatCannotBeFetched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, company(t))
		o.issuer.Down()
		token := o.event(statement(nil))
		if got := o.send(t, token); got.status != http.StatusServiceUnavailable {
			t.Errorf("%d, want 503\n%s", got.status, &o.log)
		}
		o.issuer.Up()
		time.Sleep(time.Minute)
		if got := o.send(t, token); got.status != http.StatusAccepted {
			t.Errorf("later: %d\n%s", got.status, &o.log)
		}
	})
}

// TestTwoAtOnceAreBothStored shows that of two deliveries of an event none is acknowledged
// before it is stored.
func TestTwoAtOnceAreBothStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		goOn, entered := make(chan struct{}), 0
		var mu sync.Mutex
		o := newOffice(t, company(t), signals.RevokeWith(func(context.Context, revocation.Entry) error {
			mu.Lock()
			entered++
			mu.Unlock()
			<-goOn
			return errors.New("away")
		}))
		token := o.event(statement(nil))
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				if got := o.send(t, token); got.status != http.StatusServiceUnavailable {
					t.Errorf("%d, want 503", got.status)
				}
			})
		}
		synctest.Wait()
		if entered != 2 {
			t.Errorf("%d were to be stored, want 2", entered)
		}
		close(goOn)
		both.Wait()
	})
}

// TestManyBadEventsWriteFewLines shows that the log does not fill.
func TestManyBadEventsWriteFewLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, company(t))
		for range 1000 {
			o.send(t, o.event(changed("aud", "x")))
		}
		if got := strings.Count(o.log.String(), "\n"); got != 1 {
			t.Errorf("%d lines, want 1", got)
		}
		time.Sleep(time.Second)
		o.send(t, o.event(changed("aud", "x")))
		if !strings.Contains(o.log.String(), "repeated=999") {
			t.Errorf("log %s, want how many were left out", &o.log)
		}
	})
}

// TestReceiverNeedsAllItChecks shows what a receiver cannot be made without.
func TestReceiverNeedsAllItChecks(t *testing.T) {
	list := signals.RevokeIn(revocation.NewList(1))
	for want, row := range map[string]struct {
		policy      *access.Policy
		issuer, aud string
		opts        []signals.Option
	}{
		"no policy":                   {nil, "corp", aud, []signals.Option{list}},
		`no issuer "other"`:           {company(t), "other", aud, []signals.Option{list}},
		"no audience":                 {company(t), "corp", "", []signals.Option{list}},
		"want RevokeIn or RevokeWith": {company(t), "corp", aud, nil},
		"want RevokeIn":               {company(t), "corp", aud, []signals.Option{signals.RevokeIn(nil)}},
		"want at least 100ms":         {company(t), "corp", aud, []signals.Option{list, signals.Interval(time.Millisecond)}},
		"no logger":                   {company(t), "corp", aud, []signals.Option{list, signals.Logger(nil)}},
		"no provider of meters":       {company(t), "corp", aud, []signals.Option{list, signals.MeterProvider(nil)}},
	} {
		if _, err := signals.NewReceiver(row.policy, row.issuer, row.aud, row.opts...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("NewReceiver = %v, want %s", err, want)
		}
	}
	o := newOffice(t, company(t))
	for want, values := range map[string][]string{
		"anybody could send them": nil, "want at least 16": {"Bearer short"}, "a space": {secret + " "}, "no header has": {secret + "\n" + secret},
		"0 bytes": {secret, ""},
	} {
		if _, err := o.receiver.Push(values...); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "0123456789") {
			t.Errorf("Push(%q) = %v, want %s", values, err, want)
		}
	}
}
