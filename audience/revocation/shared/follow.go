package shared

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/valkey-io/valkey-go"

	"github.com/grpcaud/grpcaud/audience/revocation"
)

const (
	patience = time.Second            // how long the store may take to answer
	pause    = 200 * time.Millisecond // between two attempts, on average
)

// run follows the store until ctx ends.
func (l *List) run(ctx context.Context) {
	defer close(l.done)
	f := follower{List: l}
	for lost := false; ctx.Err() == nil; {
		err := f.connect(ctx, func() {
			if lost {
				l.settings.log.Info("shared: the store of revocations is back", slog.String("list", l.settings.name))
			}
			lost = false
		})
		if ctx.Err() != nil {
			return
		}
		if !lost {
			l.settings.log.Error("shared: the store of revocations is lost",
				slog.String("list", l.settings.name), slog.Any("error", err), slog.Duration("refuses_in", max(0, l.settings.stale-l.Age())), slog.Bool("serves_stale", l.settings.serveStale))
		}
		lost = true
		select {
		case <-ctx.Done():
		case <-time.After(pause/2 + rand.N(pause)):
		}
	}
}

// follower is the state of the goroutine that follows the store.
type follower struct {
	*List
	epoch string
	last  change // the last one that is in memory
}

// connect follows the store over a new connection until there is an error. It calls
// heard when the store has answered.
func (f *follower) connect(ctx context.Context, heard func()) error {
	client, err := valkey.NewClient(f.store)
	if err != nil {
		return err
	}
	defer client.Close()
	defer f.use(nil)
	f.use(client)
	for {
		began := time.Since(f.start)
		if err := f.round(ctx, client); err != nil {
			return err
		}
		f.heard.Store(int64(began))
		heard()
	}
}

func (f *follower) use(client valkey.Client) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.client = client
}

// round takes over what has changed, and returns after a moment if nothing does.
func (f *follower) round(ctx context.Context, client valkey.Client) error {
	if err := f.flush(ctx, client); err != nil {
		return err
	}
	s, err := f.beat(ctx, client, f.last.number)
	if err != nil {
		return err
	}
	switch {
	case s.epoch != f.epoch, s.change < f.last.number, f.last.number > 0 && s.about != f.last.entry:
		return f.resume(ctx, client, s)
	case s.age >= f.settings.settle:
		f.complete.Store(true)
	}
	changes, err := f.wait(ctx, client, f.last.number)
	if err != nil {
		return err
	}
	for _, c := range changes {
		if c.number != f.last.number+1 { // those between have been trimmed
			return f.resume(ctx, client, s)
		}
		if err := f.take(c.entry); err != nil {
			return f.fail(err)
		}
		f.last = c
	}
	return nil
}

// resume reads the whole list, after it has written back what the store may have lost.
func (f *follower) resume(ctx context.Context, client valkey.Client, s state) error {
	fresh := f.epoch == ""
	if err := f.send(ctx, client, slices.Collect(f.memory.Entries())...); err != nil {
		return err
	}
	s, err := f.beat(ctx, client, s.change) // what changes from here on is a change to follow
	if err != nil {
		return err
	}
	if err := f.read(ctx, client); err != nil {
		return f.fail(err)
	}
	again, err := f.beat(ctx, client, s.change)
	if err != nil || again.epoch != s.epoch {
		return errors.Join(err, errors.New("shared: the store was emptied while it was read"))
	}
	f.epoch, f.last = s.epoch, change{s.change, again.about}
	if !fresh || s.age >= f.settings.settle {
		f.complete.Store(true)
	}
	return nil
}

// fail marks a list that does not fit as not known until it has been read again.
func (f *follower) fail(err error) error {
	if errors.Is(err, revocation.ErrFull) {
		f.complete.Store(false)
		f.epoch = ""
	}
	return err
}

// flush stores what could not be stored when it was revoked.
func (f *follower) flush(ctx context.Context, client valkey.Client) error {
	f.mu.Lock()
	entries := f.unsent
	f.unsent = nil
	f.mu.Unlock()
	if err := f.send(ctx, client, entries...); err != nil {
		f.keep(entries...)
		return err
	}
	return nil
}
