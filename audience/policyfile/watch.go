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
// Watch reads the content of the files once a second; see [WatchInterval]. It uses a
// new content when two reads in a row have returned the same. So a file may be
// replaced, and it may be reached through symbolic links that change, as in a
// ConfigMap of Kubernetes. Do not write a file in place: a file that stays half
// written for two reads may be a valid matrix that demands less. Write another file,
// and rename it. Watch always applies the policy of its first two reads, so that no
// change is lost between a Load and a Watch.
//
// If the files make no policy, or apply refuses the policy, the last good policy
// stays in force. The failure is reported once, to the log and to [WatchReport]. Files
// that change at each of 30 reads in a row are also a failure, since Watch can use
// none of their contents. A path that is not a regular file, such as a pipe, is an
// error; Watch does not wait for it.
//
// Watch returns nil when ctx has ended, and an error only if an argument is wrong. It
// calls apply and the functions of the options one at a time, in the goroutine of its
// caller.
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

// WatchLogger sets the logger for new policies (level INFO) and failures (level
// ERROR). The default is [slog.Default].
func WatchLogger(l *slog.Logger) WatchOption { return watchFunc(func(w *watcher) { w.log = l }) }

// WatchInterval sets the time from one read of the files to the next. The default is
// one second.
func WatchInterval(d time.Duration) WatchOption { return watchFunc(func(w *watcher) { w.every = d }) }

// WatchMethodOptions sets the options of .proto files that are merged into each
// policy. The default is none.
func WatchMethodOptions(options ...access.MethodOptions) WatchOption {
	return watchFunc(func(w *watcher) { w.options = slices.Clone(options) })
}

// WatchReport sets a function that is called after each new policy and each failure.
// The default is none.
func WatchReport(f func(Stats)) WatchOption { return watchFunc(func(w *watcher) { w.report = f }) }

// Stats are the statistics of a [Watch].
type Stats struct {
	// Reloads counts the policies that were applied. Failures counts the changes
	// that were not applied.
	Reloads, Failures int

	// Err is why the last change was not applied; nil if it was.
	Err error

	// Generation is the SHA-256 of the files in force, in hex, as
	// [access.Policy.Generation] of their policy. Processes with the same generation
	// enforce the same files. It is empty until a policy has been
	// applied.
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

	patterns []string // the includes of the first file
	applied  string   // digest of the files that were applied last
	next     *files   // changed files, until a second read finds them unchanged
	unstable int      // how many reads in a row have found other contents
	stats    Stats
}

// maxUnstable is how many reads in a row may find other contents before that is
// reported.
const maxUnstable = 30

func (w *watcher) follow(ctx context.Context) {
	ticker := time.NewTicker(w.every)
	defer ticker.Stop()
	for w.poll(); ; w.poll() {
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
		if ctx.Err() != nil {
			return
		}
	}
}

// poll reads the files. It applies them if they have changed and the last two reads
// found the same content.
func (w *watcher) poll() {
	switch {
	case w.next != nil && digestNow(w.path, w.next.patterns()) == w.next.digest:
		w.applyFiles(w.next)
		w.patterns, w.applied, w.next, w.unstable = w.next.patterns(), w.next.digest, nil, 0
	case w.next != nil || digestNow(w.path, w.patterns) != w.applied:
		before := w.next
		w.next = read(w.path)
		if w.unstable++; w.unstable == maxUnstable {
			w.fail(fmt.Errorf("policyfile: %s has changed at each of %d reads: nothing is applied until two reads in a row find the same", w.next.changed(before), maxUnstable))
			w.report(w.stats)
		}
	}
}

// applyFiles applies the policy of the files.
func (w *watcher) applyFiles(f *files) {
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
