package shared

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/valkey-io/valkey-go"
	"go.opentelemetry.io/otel/metric"

	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/revocation"
)

// ErrNotReady is the error of a replica that does not know what was revoked: it has not
// read the list yet, has heard nothing from the store for too long ([StaleAfter]), or
// has a [Bound] that is too small for the list.
var ErrNotReady = errors.New("shared: it is not known what was revoked")

// List is a replica of a shared list of revocations. It is a [revocation.Checker] that
// answers from memory. An entry counts on this replica as soon as [List.Revoke] returns,
// and on the others within milliseconds, as far as the store can be reached. It is safe
// for concurrent use. Make one with [New], and close it at the end.
type List struct {
	settings settings
	store    valkey.ClientOption
	keys     keys
	memory   *revocation.List

	start    time.Time
	heard    atomic.Int64 // when the list was as the store's, in nanoseconds since start
	heardAt  atomic.Int64 // the same by the wall clock, in nanoseconds of the Unix time
	last     atomic.Int64 // when memory changed last, in milliseconds of the Unix time; 0 for never
	complete atomic.Bool  // memory has all that the store has

	trouble atomic.Pointer[error] // why the store is lost; nil while it is not
	unsent  atomic.Bool           // memory may have what the store was not told

	mu       sync.Mutex    // guards the fields below
	client   valkey.Client // nil while there is no connection
	mark     mark          // the latest change that the store is known to have had
	position position      // how far memory follows the store
	policy   func() string // the generation of the policy; nil if it is not announced

	registration metric.Registration
	stop         context.CancelFunc
	done         chan struct{}
}

// New returns a replica of the list in a store. It checks the options, and does no
// network I/O itself: it connects in the background, again and again if need be. TLS,
// the user and the password are fields of store. [valkey.MustParseURL] and
// [valkey.ParseURL] read an address such as valkeys://user:password@host:6379.
func New(store valkey.ClientOption, opts ...Option) (*List, error) {
	s, err := newSettings(opts)
	if err != nil {
		return nil, err
	}
	if len(store.InitAddress) == 0 {
		return nil, errors.New("shared: no address of a store")
	}
	if store.Dialer.Timeout == 0 {
		store.Dialer.Timeout = patience
	}
	if store.ConnWriteTimeout == 0 {
		store.ConnWriteTimeout = patience
	}
	store.DisableCache = true
	ctx, stop := context.WithCancel(context.Background())
	l := &List{
		settings: s, store: store, keys: newKeys(s.name), memory: revocation.NewList(s.bound),
		start: time.Now(), stop: stop, done: make(chan struct{}),
	}
	l.hear(l.start)
	if l.registration, err = l.observe(s.meters); err != nil {
		stop()
		return nil, err
	}
	go l.run(ctx)
	return l, nil
}

// Close ends the connection to the store, after it has taken the replica off the list of
// [List.Replicas]. The list is not ready afterwards.
func (l *List) Close() error {
	l.stop()
	<-l.done
	l.complete.Store(false)
	return l.registration.Unregister()
}

// Revoked implements [revocation.Checker]. Its error is an [audience.Refusal] for a
// token that is known to be revoked, and wraps [ErrNotReady] if that is not known. It
// does not wait for the store, and allocates nothing for a token that is not revoked.
func (l *List) Revoked(ctx context.Context, c *claims.Claims) error {
	if err := l.memory.Revoked(ctx, c); err != nil {
		return err
	}
	return l.Ready()
}

// Ready returns nil while the replica knows what was revoked; see [ErrNotReady].
func (l *List) Ready() error {
	age := l.Age()
	switch {
	case !l.complete.Load():
		return l.notReady("the list has not been read")
	case age > l.settings.stale && !l.settings.serveStale:
		return l.notReady("nothing was heard from the store for " + age.Round(time.Millisecond).String())
	}
	return nil
}

// notReady returns an error with what is missing, and with why if that is known.
func (l *List) notReady(what string) error {
	if why := l.trouble.Load(); why != nil {
		return fmt.Errorf("%w: %s: %w", ErrNotReady, what, *why)
	}
	return fmt.Errorf("%w: %s", ErrNotReady, what)
}

// Age returns for how long nothing was heard from the store. The monotonic clock stops
// while the machine is suspended, and the wall clock can be set back: the longer time counts.
func (l *List) Age() time.Duration {
	now := time.Now()
	return max(now.Sub(l.start)-time.Duration(l.heard.Load()), time.Duration(now.UnixNano()-l.heardAt.Load()))
}

// hear stores when the list was as the store's.
func (l *List) hear(at time.Time) {
	l.heard.Store(int64(at.Sub(l.start)))
	l.heardAt.Store(at.UnixNano())
}

// Revoke adds an entry for all replicas. If there is an entry for the same tokens, the
// later times of the two count. An error that is about the store means that the entry
// counts on this replica only, for now: it is stored as soon as the store can be
// reached, if this replica still runs then. Call again to be sure. [revocation.ErrFull]
// means that the list is full, here or in the store.
func (l *List) Revoke(ctx context.Context, e revocation.Entry) error {
	for _, value := range []string{e.Issuer, e.ID, e.Session, e.Subject, e.Client} {
		if !utf8.ValidString(value) {
			return errors.New("shared: an entry with a text that is not UTF-8")
		}
	}
	if err := l.memory.Revoke(e); err != nil {
		return err
	}
	err := l.sendOne(ctx, e)
	if err != nil && !errors.Is(err, revocation.ErrFull) {
		l.unsent.Store(true)
		return fmt.Errorf("%w; the entry counts on this replica only", err)
	}
	return err
}

func (l *List) sendOne(ctx context.Context, e revocation.Entry) error {
	client, err := l.connected()
	if err != nil {
		return err
	}
	return l.send(ctx, client, e)
}

// connected returns the connection to the store; an error if there is none.
func (l *List) connected() (valkey.Client, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.client == nil {
		return nil, errors.New("shared: not connected to the store")
	}
	return l.client, nil
}

// Changes implements [revocation.Counter].
func (l *List) Changes() uint64 { return l.memory.Changes() }

var (
	_ revocation.Readier = (*List)(nil)
	_ revocation.Counter = (*List)(nil)
)
