package shared

import (
	"context"
	"errors"
	"hash/maphash"
	"log/slog"
	"math/rand/v2"
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
			l.trouble.Store(nil)
		})
		if ctx.Err() != nil {
			return
		}
		l.trouble.Store(&err)
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

// follower is the goroutine that follows the store.
type follower struct {
	*List
	announced time.Time // when the replica was last announced
	told      told      // what it said then
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
	defer f.withdraw(ctx, client)
	for {
		began := time.Now()
		current, err := f.round(ctx, client)
		if err != nil {
			return err
		}
		if current {
			f.hear(began)
			f.complete.Store(true)
		}
		heard()
		if err := f.announce(ctx, client); err != nil {
			return err
		}
	}
}

func (f *follower) use(client valkey.Client) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.client = client
}

// round takes over what has changed, and returns after a moment if nothing does. It
// reports whether memory had all that the store had when the round began. In a new epoch
// it has not until the other replicas have had time to write back what only they know.
func (f *follower) round(ctx context.Context, client valkey.Client) (current bool, err error) {
	mark := f.marked()
	s, err := f.beat(ctx, client, mark.number)
	if err != nil {
		return false, err
	}
	settled := s.age >= f.settings.settle
	if f.unsent.Load() || mark.lost(s) {
		return settled, f.resume(ctx, client, s)
	}
	last := f.at().change
	changes, err := f.wait(ctx, client, last)
	if err != nil {
		return false, err
	}
	if len(changes) > 0 { // they may be those of a store that took the place of the other meanwhile
		again, err := f.beat(ctx, client, mark.number)
		if err != nil {
			return false, err
		}
		if mark.lost(again) {
			return false, f.resume(ctx, client, again)
		}
	}
	for _, c := range changes {
		if c.number != last+1 { // those between have been trimmed
			return settled, f.resume(ctx, client, s)
		}
		if err := f.take(c.entry); err != nil {
			return false, f.fail(err)
		}
		last = c.number
		f.follow(s.epoch, c)
		f.last.Store(time.Now().UnixMilli())
	}
	return settled && last >= s.change, nil
}

// resume reads the whole list, and writes back what the store may have lost.
func (f *follower) resume(ctx context.Context, client valkey.Client, s state) (err error) {
	f.unsent.Store(false) // before memory is read, to which others may add
	before := f.memory.Len()
	defer func() {
		if err != nil {
			f.unsent.Store(true)
		}
		if f.memory.Len() != before {
			f.last.Store(time.Now().UnixMilli())
		}
	}()
	missing, err := f.reread(ctx, client, s.epoch, s.change)
	if err != nil || len(missing) == 0 {
		return err
	}
	if err := f.restore(ctx, client, missing); err != nil {
		return err
	}
	now, err := f.beat(ctx, client, 0)
	if err != nil {
		return err
	}
	_, err = f.reread(ctx, client, s.epoch, now.change)
	return err
}

// reread reads the whole list, and follows the store from the change of that number on.
// It returns the entries of memory that the store lacks, or has with earlier times. A store
// in another epoch than that of the round is an error: the round knows nothing of its age.
func (f *follower) reread(ctx context.Context, client valkey.Client, epoch string, number int64) ([]revocation.Entry, error) {
	from, err := f.beat(ctx, client, number)
	if err != nil {
		return nil, err
	}
	missing, err := f.compare(ctx, client)
	if err != nil {
		return nil, f.fail(err)
	}
	to, err := f.beat(ctx, client, number)
	if err != nil || from.epoch != epoch || to.epoch != epoch || from.id != to.id {
		return nil, errors.Join(err, errors.New("shared: the store was emptied, or changed places with another, while it was read"))
	}
	f.begin(from.epoch, change{number: number, id: from.id})
	return missing, nil
}

// compare reads the whole list, and returns the entries of memory that it lacks.
func (f *follower) compare(ctx context.Context, client valkey.Client) ([]revocation.Entry, error) {
	if f.memory.Len() == 0 {
		return nil, f.read(ctx, client, func(string) {})
	}
	seed, there := maphash.MakeSeed(), map[uint64]bool{}
	if err := f.read(ctx, client, func(text string) { there[maphash.String(seed, text)] = true }); err != nil {
		return nil, err
	}
	var missing []revocation.Entry
	for e := range f.memory.Entries() {
		if !there[maphash.String(seed, stored(e))] {
			missing = append(missing, e)
		}
	}
	return missing, nil
}

// restore writes back entries. In a store that is full they count on this replica only.
func (f *follower) restore(ctx context.Context, client valkey.Client, missing []revocation.Entry) error {
	err := f.send(ctx, client, missing...)
	if errors.Is(err, revocation.ErrFull) {
		f.settings.log.Error("shared: the store of revocations is full; what this replica could not write back counts here only",
			slog.String("list", f.settings.name), slog.Int("entries", len(missing)))
		return nil
	}
	return err
}

// fail marks a list that does not fit as not known until it has been read again.
func (f *follower) fail(err error) error {
	if errors.Is(err, revocation.ErrFull) {
		f.complete.Store(false)
		f.unsent.Store(true)
	}
	return err
}
