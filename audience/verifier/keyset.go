package verifier

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/internal/backoff"
	"github.com/grpcaud/grpcaud/internal/remedy"
)

const (
	maxStale   = 24 * time.Hour   // keys older than this are not used, even in an outage
	firstRetry = time.Second      // the pause after a failed request
	lastRetry  = 30 * time.Second // the longest pause
)

// retry is the pause after failed requests to an issuer.
var retry = backoff.Policy{First: firstRetry, Max: lastRetry, Jitter: 0.1}

// keySet holds the keys of one issuer. Reading them takes no lock. One fetch at a time
// replaces them, in its own goroutine and with its own timeout, independent of the calls
// that wait for it. After the first use it refreshes itself until it is closed.
type keySet struct {
	source   source
	fetch    fetchFunc // nil for static keys
	cooldown time.Duration
	current  atomic.Pointer[snapshot]
	begun    atomic.Uint64 // fetches begun

	mu       sync.Mutex         // guards the fields below
	running  bool               // a fetch is under way
	ended    chan struct{}      // closed when the next fetch ends, or when there will be none
	err      error              // of the last fetch
	failed   uint64             // fetches
	failures int                // in a row
	notUntil time.Time          // no fetch before this time: back-off
	spent    time.Time          // when a token last caused a fetch and the cool-down began
	wanted   bool               // a token causes the next fetch
	waiting  waitQueue          // calls that wait for the next fetch, while there are keys
	seen     map[string]uint64  // kids that the set lacks, with the number of fetches begun when each first came
	timer    *time.Timer        // starts the next fetch
	due      time.Time          // when the timer starts it
	cancel   context.CancelFunc // of the fetch under way
	closed   bool
	lost     droppedKeys
}

// source is the configuration that says where an issuer's keys come from.
type source struct{ url, discovery, jwks, file, authorities, trustDomain, hosts string }

func sourceOf(i access.Issuer) source {
	known := metadataOf(i).Addresses
	return source{i.URL, i.Discovery, i.JWKS, i.KeysFile, i.CAFile, i.TrustDomain, fmt.Sprint(i.Hosts, known.Hosts, known.NamesItselfByIP)}
}

// uses returns the uses of the keys that are read.
func (s source) uses() []string {
	if s.trustDomain != "" {
		return signingSVIDs
	}
	return signing
}

// fetchFunc returns the keys of an issuer, and how long they are used before the next
// fetch. One goroutine at a time calls it, and its keys are not published before it
// has returned.
type fetchFunc func(context.Context) (*snapshot, time.Duration, error)

var (
	errClosed = errors.New("verifier is closed")
	errNotNow = errors.New("no fetch is allowed now")
)

func newKeySet(from source, fetch fetchFunc, cooldown time.Duration) *keySet {
	return &keySet{source: from, fetch: fetch, cooldown: cooldown, ended: make(chan struct{}), lost: droppedKeys{cooldown: cooldown}}
}

// load returns the present keys; nil if there are none or if they are too old.
func (k *keySet) load() *snapshot {
	s := k.current.Load()
	if s == nil || time.Now().After(s.end()) {
		return nil
	}
	return s
}

func (k *keySet) unavailableLocked(err error) error {
	wait := max(time.Until(k.notUntil), time.Until(k.spent.Add(k.cooldown)), firstRetry)
	hint, err := remedy.Split(err)
	return &audience.Refusal{Cause: audience.CauseKeysUnavailable, Hint: hint, Err: err, RetryAfter: wait}
}

// scheduleLocked schedules the next fetch after d.
func (k *keySet) scheduleLocked(d time.Duration) {
	if k.closed {
		return
	}
	if k.timer != nil {
		k.timer.Stop()
	}
	k.due = time.Now().Add(d)
	k.timer = time.AfterFunc(d, func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		if !k.running && !k.closed {
			k.startLocked()
		}
	})
}

// hastenLocked schedules the next fetch for at, unless it is due earlier.
func (k *keySet) hastenLocked(at time.Time) {
	if !k.running && k.due.After(at) {
		k.scheduleLocked(time.Until(at))
	}
}

// request causes a fetch for a token that does not wait for it, as soon as the cool-down
// is over.
func (k *keySet) request() {
	k.mu.Lock()
	defer k.mu.Unlock()
	now, allowed := time.Now(), k.spent.Add(k.cooldown)
	switch {
	case k.fetch == nil, k.closed, k.running, now.Before(k.notUntil):
	case k.current.Load() == nil, k.spent.IsZero(), !now.Before(allowed):
		k.wanted = k.current.Load() != nil
		k.startLocked()
	default:
		k.wanted = true
		k.hastenLocked(allowed)
	}
}

// startLocked starts a fetch, independent of the call that caused it.
func (k *keySet) startLocked() {
	ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
	k.running, k.cancel = true, cancel
	if k.wanted {
		k.wanted, k.spent = false, time.Now()
	}
	number := k.begun.Add(1)
	go func() {
		defer cancel()
		began := time.Now()
		keys, age, err := k.fetch(ctx)
		if err == nil {
			keys.number, keys.generation, keys.fetched, keys.began = number, number, began.Round(0), began
		}
		k.finish(keys, age, err)
	}()
}

// finish publishes the result of a fetch, wakes the calls that wait, and schedules the
// next fetch: before the keys are too old, or when the pause after a failure is over.
// A failed fetch begins no cool-down.
func (k *keySet) finish(keys *snapshot, age time.Duration, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.running, k.err = false, err
	if err == nil {
		old := k.current.Load()
		if old != nil && old.digest == keys.digest {
			keys.generation = old.generation
		}
		k.current.Store(keys)
		k.lost.compare(old, keys, keys.began)
		maps.DeleteFunc(k.seen, func(kid string, _ uint64) bool { return keys.has(kid) })
		k.failures, k.notUntil = 0, time.Time{}
		k.scheduleLocked(backoff.Jitter(age*4/5, retry.Jitter))
		if at, ok := k.lost.due(); ok {
			k.hastenLocked(at)
		}
	} else {
		wait := max(retry.Pause(k.failures), answerOf(err).after)
		k.failed++
		k.failures++
		k.notUntil, k.spent = time.Now().Add(wait), time.Time{}
		k.scheduleLocked(wait)
	}
	k.wakeLocked()
}

func (k *keySet) wakeLocked() {
	close(k.ended)
	k.ended = make(chan struct{})
}

// retire prevents further fetches. One that is under way continues for the calls that
// wait for it; calls that wait for a later one stop waiting.
func (k *keySet) retire() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	if k.timer != nil {
		k.timer.Stop()
	}
	if !k.running {
		k.wakeLocked()
	}
}

// close retires k and ends the fetch under way.
func (k *keySet) close() {
	k.retire()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.cancel != nil {
		k.cancel()
	}
}
