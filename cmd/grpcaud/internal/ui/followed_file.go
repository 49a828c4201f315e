package ui

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
)

// followedFile is an access matrix that is followed. It is safe for concurrent use.
type followedFile struct {
	path string

	mu      sync.Mutex // guards version
	version version
}

// version is what a file said last.
type version struct {
	Policy *access.Policy // the last good one
	Since  time.Time      // when it was read
	Err    error          // why the file as it is now is not shown; nil if it is
}

// follow reads the file at path.
func follow(path string, options Options) (*followedFile, error) {
	policy, err := policyfile.Load(path, options.Set.Options...)
	if err != nil {
		return nil, err
	}
	return &followedFile{path: path, version: version{Policy: policy, Since: time.Now()}}, nil
}

// now returns the version that is shown.
func (f *followedFile) now() version {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.version
}

// set replaces the version, and reports whether it is another one.
func (f *followedFile) set(policy *access.Policy, err error) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := f.version
	if err == nil && policy.Generation() != before.Policy.Generation() {
		f.version = version{Policy: policy, Since: time.Now()}
	}
	f.version.Err = err
	return err != nil || before.Err != nil || f.version.Policy != before.Policy
}

// watch follows the file until ctx ends, and calls changed for each version.
func (f *followedFile) watch(ctx context.Context, options Options, changed func()) {
	var last *access.Policy
	apply := func(policy *access.Policy) error {
		last = policy
		return nil
	}
	report := func(stats policyfile.Stats) {
		if f.set(last, stats.Err) {
			options.Report(f.path, stats.Err)
			changed()
		}
	}
	// It only returns errors about its arguments.
	_ = policyfile.Watch(ctx, f.path, apply, policyfile.WatchLogger(slog.New(slog.DiscardHandler)),
		policyfile.WatchReport(report), policyfile.WatchMethodOptions(options.Set.Options...))
}
