package policyfile

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
)

// Watch follows the access matrix at path and the files that it includes, until
// ctx ends. It reads them as [Load] does and hands each new policy to apply,
// such as the Swap of a server of package interceptor:
//
//	go policyfile.Watch(ctx, "access.yaml", admit.Swap)
//
// It looks at what the files hold, once a second unless [WatchInterval] says otherwise,
// and takes up what two looks in a row have seen alike. So it makes no difference
// whether a file is replaced, or reached through links that change, as those of a
// ConfigMap in Kubernetes do. One that is written in place must not stand half
// written for that long, since half of a matrix may be a matrix that demands less:
// write another file, and rename it. The first policy that it applies is that of
// its first two looks, so that no change is lost between a Load and a Watch.
//
// Files that make no policy, and a policy that apply refuses, leave the last good
// one in force. They are told once, to the log and to [WatchReport]. So are files that
// have changed at each of 30 looks in a row, which nothing can be taken up of. What
// is no regular file, such as a pipe, is an error and makes Watch wait for nobody.
//
// The error is one of the arguments; Watch returns nil when ctx has ended. It
// calls apply and the options' functions from the goroutine that it is called
// in, one at a time.
func Watch(ctx context.Context, path string, apply func(*access.Policy) error, opts ...WatchOption) error {
	w := &watcher{path: path, swap: apply, log: slog.Default(), every: time.Second, report: func(Stats) {}}
	for _, o := range opts {
		o.apply(w)
	}
	switch {
	case path == "":
		return errors.New("policyfile: no path")
	case apply == nil:
		return errors.New("policyfile: nothing to apply a policy with")
	case w.log == nil, w.report == nil:
		return errors.New("policyfile: a nil option; leave it out")
	case w.every <= 0:
		return errors.New("policyfile: want an interval of more than 0")
	}
	w.follow(ctx)
	return nil
}

// WatchOption adjusts [Watch].
type WatchOption interface{ apply(*watcher) }

type watchFunc func(*watcher)

func (f watchFunc) apply(w *watcher) { f(w) }

// WatchLogger sets where each new policy is logged, as INFO, and each failure, as
// ERROR; [slog.Default] by default.
func WatchLogger(l *slog.Logger) WatchOption { return watchFunc(func(w *watcher) { w.log = l }) }

// WatchInterval sets the time from one read of the files to the next; a second by
// default.
func WatchInterval(d time.Duration) WatchOption { return watchFunc(func(w *watcher) { w.every = d }) }

// WatchMethodOptions sets the options of .proto files that are part of each policy; none
// by default.
func WatchMethodOptions(options ...access.MethodOptions) WatchOption {
	return watchFunc(func(w *watcher) { w.options = slices.Clone(options) })
}

// WatchReport has f called after each new policy and each failure; by default nothing
// is called.
func WatchReport(f func(Stats)) WatchOption { return watchFunc(func(w *watcher) { w.report = f }) }

// Stats are the statistics of a [Watch].
type Stats struct {
	// Reloads counts the policies that were applied, and Failures the changes that
	// led to none.
	Reloads, Failures int

	// Err is why the last change was not applied; nil if it was.
	Err error

	// Generation is the SHA-256 of the files in force, in hex: processes with the
	// same generation enforce the same. It is empty until a policy was applied.
	Generation string
}

// watcher follows the files of a matrix.
type watcher struct {
	path    string
	swap    func(*access.Policy) error
	options []access.MethodOptions
	log     *slog.Logger
	every   time.Duration
	report  func(Stats)

	patterns []string // what the file includes
	applied  string   // the digest of the files that were applied last
	next     *files   // files that have changed since, until they are read again
	unstable int      // how many reads in a row have found something else
	stats    Stats
}

// maxUnstable is how many reads in a row may find something else before that is
// reported.
const maxUnstable = 30

func (w *watcher) follow(ctx context.Context) {
	ticker := time.NewTicker(w.every)
	defer ticker.Stop()
	for w.look(); ; w.look() {
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
		if ctx.Err() != nil {
			return
		}
	}
}

// look reads the files, and applies them if they have changed and are as at the last
// read.
func (w *watcher) look() {
	switch {
	case w.next != nil && look(w.path, w.next.patterns()) == w.next.digest:
		w.take(w.next)
		w.patterns, w.applied, w.next, w.unstable = w.next.patterns(), w.next.digest, nil, 0
	case w.next != nil || look(w.path, w.patterns) != w.applied:
		before := w.next
		w.next = read(w.path)
		if w.unstable++; w.unstable == maxUnstable {
			w.fail(fmt.Errorf("policyfile: %s has changed at each of %d reads: nothing is applied until two reads in a row find the same", w.next.changed(before), maxUnstable))
			w.report(w.stats)
		}
	}
}

// take applies the policy of the files.
func (w *watcher) take(f *files) {
	policy, err := f.policy(w.options)
	if err == nil {
		err = w.swap(policy)
	}
	if err != nil {
		w.fail(err)
	} else {
		w.stats.Err = nil
		w.stats.Reloads++
		w.stats.Generation = f.digest
		w.log.Info("access matrix applied", slog.String("path", w.path), slog.String("generation", f.digest))
	}
	w.report(w.stats)
}

func (w *watcher) fail(err error) {
	w.stats.Err = err
	w.stats.Failures++
	w.log.Error("access matrix not applied: the last good policy stays in force", slog.String("path", w.path), slog.Any("error", err))
}
