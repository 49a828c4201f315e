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

// Logger replaces [slog.Default]: each new policy is logged as INFO, each
// failure as ERROR.
func WatchLogger(l *slog.Logger) WatchOption { return watchFunc(func(w *watcher) { w.log = l }) }

// Every replaces a second as the time from one look at the files to the next.
func WatchInterval(d time.Duration) WatchOption { return watchFunc(func(w *watcher) { w.every = d }) }

// Options are the options of .proto files that each policy is merged with.
func WatchMethodOptions(options ...access.MethodOptions) WatchOption {
	return watchFunc(func(w *watcher) { w.options = slices.Clone(options) })
}

// Report has f called after each new policy and each failure.
func WatchReport(f func(Stats)) WatchOption { return watchFunc(func(w *watcher) { w.report = f }) }

// Figures are what has come of a [Watch] so far. The zero value means that
// nothing has.
type Stats struct {
	// Reloads and Failures count the policies that were applied, and the
	// changes that led to none.
	Reloads, Failures int

	// Err is what went wrong with the last change; nil if it was applied.
	Err error

	// Generation is the SHA-256 of the files in force, in hex: processes that
	// have the same one enforce the same. It is empty until one was applied.
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
	seen     string   // the digest of what was taken up last
	next     *files   // what has changed since, until it is seen again
	restless int      // how many looks in a row have seen something else
	figures  Stats
}

// maxRestless is how many looks in a row may see something else before that is
// told.
const maxRestless = 30

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

// look reads what has changed, and takes it up if it is as it was at the last
// look.
func (w *watcher) look() {
	switch {
	case w.next != nil && look(w.path, w.next.patterns()) == w.next.digest:
		w.take(w.next)
		w.patterns, w.seen, w.next, w.restless = w.next.patterns(), w.next.digest, nil, 0
	case w.next != nil || look(w.path, w.patterns) != w.seen:
		before := w.next
		w.next = read(w.path)
		if w.restless++; w.restless == maxRestless {
			w.fail(fmt.Errorf("policyfile: %s has changed at each of %d looks: nothing is taken up until two looks in a row see the same", w.next.changed(before), maxRestless))
			w.report(w.figures)
		}
	}
}

// take applies what the files say.
func (w *watcher) take(f *files) {
	policy, err := f.policy(w.options)
	if err == nil {
		err = w.swap(policy)
	}
	if err != nil {
		w.fail(err)
	} else {
		w.figures.Err = nil
		w.figures.Reloads++
		w.figures.Generation = f.digest
		w.log.Info("access matrix taken up", slog.String("path", w.path), slog.String("generation", f.digest))
	}
	w.report(w.figures)
}

func (w *watcher) fail(err error) {
	w.figures.Err = err
	w.figures.Failures++
	w.log.Error("access matrix not taken up: the last good one stays", slog.String("path", w.path), slog.Any("error", err))
}
