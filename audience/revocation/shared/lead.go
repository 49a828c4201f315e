package shared

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/valkey-io/valkey-go"
)

// leasePart is how often a lease is renewed while it lasts.
const leasePart = 3

// Lead runs work on one of the replicas that call Lead with this name, and on another one
// within 8 seconds when that replica has gone. It returns when ctx ends, with its error, or when work
// returns while ctx goes on, with what work returned.
//
// The replica that works has a lease in the store, of 6 seconds, which it renews. If it
// cannot, the context of its work ends before the lease does. So two replicas work at once
// only if a store loses the lease, or clocks run at different speeds: what work does must be
// harmless then, such as adding entries to a list.
func (l *List) Lead(ctx context.Context, name string, work func(ctx context.Context) error) error {
	if name == "" || work == nil {
		return errors.New("shared: a lease needs a name and work")
	}
	h := &holder{list: l, key: l.keys.lease(name), id: rand.Text()}
	tick := time.NewTicker(l.settings.lease / leasePart)
	defer tick.Stop()
	for {
		if end, _ := h.renew(ctx); !end.IsZero() {
			l.settings.log.Info("shared: this replica has the lease", slog.String("list", l.settings.name), slog.String("lease", name))
			if lost, err := h.hold(ctx, end, tick.C, work); !lost {
				return err
			}
			l.settings.log.Warn("shared: this replica has lost the lease", slog.String("list", l.settings.name), slog.String("lease", name))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-l.done:
			return errors.New("shared: the list is closed")
		case <-tick.C:
		}
	}
}

// holder is a replica that asks for a lease.
type holder struct {
	list *List
	key  string
	id   string
}

// hold runs work while the lease is renewed. It returns when work has, and says whether
// that was because the lease was lost.
func (h *holder) hold(ctx context.Context, end time.Time, tick <-chan time.Time, work func(context.Context) error) (lost bool, err error) {
	during, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- work(during) }()
	last := time.NewTimer(time.Until(end))
	defer last.Stop()
	for {
		select {
		case err := <-done:
			h.release(ctx)
			return lost, err
		case <-h.list.done:
			stop()
			return false, errors.Join(errors.New("shared: the list is closed"), <-done)
		case <-last.C:
			lost = true
			stop()
		case <-tick:
			if lost {
				continue
			}
			switch end, theirs := h.renew(ctx); {
			case theirs:
				lost = true
				stop()
			case !end.IsZero():
				last.Reset(time.Until(end))
			}
		}
	}
}

// renew takes or renews the lease, and returns until when it counts; the zero time if it
// does not. theirs says that another replica has it.
func (h *holder) renew(ctx context.Context) (end time.Time, theirs bool) {
	began := time.Now()
	ours, err := h.execute(ctx, leaseScript, h.id, strconv.FormatInt(h.list.settings.lease.Milliseconds(), 10))
	if err != nil || ours != 1 {
		return time.Time{}, err == nil
	}
	return began.Add(h.list.settings.lease - h.list.settings.lease/leasePart), false
}

// release lets another replica work at once. If it fails, the lease ends by itself.
func (h *holder) release(ctx context.Context) {
	h.execute(context.WithoutCancel(ctx), releaseScript, h.id)
}

func (h *holder) execute(ctx context.Context, script *valkey.Lua, args ...string) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	h.list.mu.Lock()
	client := h.list.client
	h.list.mu.Unlock()
	if client == nil {
		return 0, errors.New("shared: not connected to the store")
	}
	answer, err := script.Exec(ctx, client, []string{h.key}, args).AsInt64()
	if err != nil {
		return 0, fmt.Errorf("shared: the store: %w", err)
	}
	return answer, nil
}
