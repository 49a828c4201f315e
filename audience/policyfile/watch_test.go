package policyfile_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
)

// follower is a Watch of access.yaml in the folder dir, and what it has done.
type follower struct {
	dir     string
	turn    sync.Mutex // guards everything below; the test holds it but in after
	refuse  error      // what apply says
	applied []*access.Policy
	figures policyfile.Stats
	reports int
	log     bytes.Buffer
}

// follow begins to watch the files.
func follow(t *testing.T, dir string, opts ...policyfile.WatchOption) *follower {
	f := &follower{dir: dir}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	opts = append(opts, policyfile.WatchLogger(slog.New(slog.NewTextHandler(f, nil))), policyfile.WatchReport(func(figures policyfile.Stats) {
		f.turn.Lock()
		defer f.turn.Unlock()
		f.figures, f.reports = figures, f.reports+1
	}))
	f.turn.Lock()
	go func() { done <- policyfile.Watch(ctx, filepath.Join(dir, "access.yaml"), f.apply, opts...) }()
	t.Cleanup(func() {
		f.turn.Unlock()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Watch = %v", err)
		}
	})
	return f
}

func (f *follower) apply(policy *access.Policy) error {
	f.turn.Lock()
	defer f.turn.Unlock()
	if f.refuse == nil {
		f.applied = append(f.applied, policy)
	}
	return f.refuse
}

// Write takes the log.
func (f *follower) Write(p []byte) (int, error) {
	f.turn.Lock()
	defer f.turn.Unlock()
	return f.log.Write(p)
}

func (f *follower) write(t *testing.T, name, text string) { write(t, filepath.Join(f.dir, name), text) }

// after lets time pass, and returns what has come of it.
func (f *follower) after(d time.Duration) policyfile.Stats {
	f.turn.Unlock()
	time.Sleep(d)
	synctest.Wait()
	f.turn.Lock()
	return f.figures
}

// wants lets time pass, and compares the counts.
func (f *follower) wants(t *testing.T, when string, reloads, failures int) {
	t.Helper()
	got := f.after(5 * time.Second)
	if got.Reloads != reloads || got.Failures != failures || len(f.applied) != reloads || f.reports != reloads+failures {
		t.Errorf("%s: %d reloads and %d failures in %d reports, %d applied; want %d and %d", when, got.Reloads, got.Failures, f.reports, len(f.applied), reloads, failures)
	}
}

var matrix = with("clients", "clients")

// TestWatchAppliesEachChangeOnce shows that a change is applied once, and that after a
// bad file the last good policy stays and the mistake is reported once.
func TestWatchAppliesEachChangeOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := follow(t, folder(t, map[string]string{"access.yaml": matrix}))
		f.wants(t, "at first", 1, 0)
		first := f.figures.Generation
		if policy, err := policyfile.Load(filepath.Join(f.dir, "access.yaml")); err != nil || policy.Generation() != first || f.applied[0].Generation() != first {
			t.Errorf("the policies have the generations %q and %q, %v; want %q of both", policy.Generation(), f.applied[0].Generation(), err, first)
		}
		f.write(t, "access.yaml", matrix+"# a word more\n")
		f.wants(t, "written in place", 2, 0)
		if !strings.Contains(f.log.String(), "level=INFO") || !strings.Contains(f.log.String(), f.figures.Generation) {
			t.Errorf("log:\n%s\nwant the generation", &f.log)
		}
		if f.figures.Generation == first || len(first) != 64 {
			t.Errorf("generations %q and %q", first, f.figures.Generation)
		}
		f.write(t, "access.yaml", "version: 1\nbroken: [")
		f.wants(t, "broken", 2, 1)
		if f.figures.Err == nil || f.figures.Generation == first || !strings.Contains(f.log.String(), "level=ERROR") || !strings.Contains(f.log.String(), "access.yaml:2") {
			t.Errorf("%+v\n%s", f.figures, &f.log)
		}
		if err := os.Remove(filepath.Join(f.dir, "access.yaml")); err != nil {
			t.Fatal(err)
		}
		f.wants(t, "removed", 2, 2)
		if !errors.Is(f.figures.Err, fs.ErrNotExist) {
			t.Errorf("Err = %v", f.figures.Err)
		}
		f.write(t, "new.yaml", matrix)
		if err := os.Rename(filepath.Join(f.dir, "new.yaml"), filepath.Join(f.dir, "access.yaml")); err != nil {
			t.Fatal(err)
		}
		f.wants(t, "replaced", 3, 2)
		if f.figures.Err != nil || f.figures.Generation != first {
			t.Errorf("%+v, want the first generation again", f.figures)
		}
		f.refuse = errors.New("it does not fit")
		f.write(t, "access.yaml", matrix+"# another\n")
		f.wants(t, "refused by apply", 3, 3)
		if !errors.Is(f.figures.Err, f.refuse) || f.figures.Generation != first {
			t.Errorf("%+v", f.figures)
		}
	})
}

// TestWatchSameSize shows that a change is seen that leaves the size, the name or the
// content unchanged.
func TestWatchSameSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text := strings.Replace(head, "[", "[others/*.yaml, ", 1)
		f := follow(t, folder(t, map[string]string{"access.yaml": text, "teams/people.yaml": people, "others/orders.yaml": orders}))
		f.wants(t, "at first", 1, 0)
		f.write(t, "teams/people.yaml", strings.ReplaceAll(people, "[read]", "[edit]"))
		f.wants(t, "another scope", 2, 0)
		if err := os.Rename(filepath.Join(f.dir, "teams/people.yaml"), filepath.Join(f.dir, "others/people.yaml")); err != nil {
			t.Fatal(err)
		}
		f.wants(t, "moved, and so is the place of its secret; the other pattern means nothing now", 2, 1)
		f.write(t, "teams/none.yaml", "")
		f.wants(t, "empty", 2, 2)
		f.write(t, "access.yaml", "")
		f.wants(t, "all is empty", 2, 3)
		if err := os.Remove(filepath.Join(f.dir, "access.yaml")); err != nil {
			t.Fatal(err)
		}
		f.wants(t, "removed", 2, 4)
	})
}

// TestHalfWrittenFileIsNotApplied shows that a file is applied only when two reads
// have found it unchanged.
func TestHalfWrittenFileIsNotApplied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := follow(t, folder(t, map[string]string{"access.yaml": matrix}), policyfile.WatchInterval(time.Minute))
		if got := f.after(59 * time.Second); got.Reloads != 0 {
			t.Errorf("%+v after one look", got)
		}
		if got := f.after(2 * time.Second); got.Reloads != 1 {
			t.Errorf("%+v after two looks", got)
		}
		for i := range 10 {
			f.write(t, "access.yaml", matrix+strings.Repeat("#", i))
			if got := f.after(time.Minute); got.Reloads != 1 {
				t.Errorf("%+v while the file changes", got)
			}
		}
		if got := f.after(2 * time.Minute); got.Reloads != 2 || got.Failures != 0 {
			t.Errorf("%+v when the file has changed", got)
		}
		f.write(t, "access.yaml", matrix+"# for a moment\n")
		f.after(time.Minute)
		f.write(t, "access.yaml", matrix+strings.Repeat("#", 9))
		before := f.after(3 * time.Minute)
		if before.Failures != 0 {
			t.Errorf("%+v when the file is as it was", before)
		}
		f.write(t, "access.yaml", matrix+"# for a moment\n")
		if got := f.after(time.Minute); got.Reloads != before.Reloads {
			t.Errorf("%+v after one look at what was there for a moment before", got)
		}
	})
}

// TestWatchReportsFilesThatNeverStayTheSame shows that files which change at each
// read, such as a link to a file in /proc, are reported once, and applied when they no
// longer change.
func TestWatchReportsFilesThatNeverStayTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := follow(t, folder(t, map[string]string{"access.yaml": head, "teams/people.yaml": people}))
		f.wants(t, "at first", 1, 0)
		for i := range 90 {
			f.write(t, "teams/people.yaml", people+strings.Repeat("#", i+1))
			f.after(time.Second)
		}
		f.wants(t, "restless, and then settled", 2, 1)
		if log := f.log.String(); !strings.Contains(log, "people.yaml has changed at each of 30 reads") {
			t.Errorf("log:\n%s\nwant which file it is", log)
		}
		if f.figures.Err != nil {
			t.Errorf("Err = %v, want none", f.figures.Err)
		}
	})
}

// TestWatchConfigMap shows that links which change are followed, as Kubernetes
// changes them: access.yaml leads to ..data/access.yaml, and ..data elsewhere.
func TestWatchConfigMap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := folder(t, map[string]string{
			"..1/access.yaml": strings.Replace(head, "teams/*", "team-*", 1), "..1/team-a.yaml": people,
			"..2/access.yaml": strings.Replace(head, "teams/*", "team-*", 1), "..2/team-a.yaml": people + "# changed\n",
		})
		link := func(from, to string) {
			if err := errors.Join(os.Symlink(to, filepath.Join(dir, "tmp")), os.Rename(filepath.Join(dir, "tmp"), filepath.Join(dir, from))); err != nil {
				t.Fatal(err)
			}
		}
		link("..data", "..1")
		link("access.yaml", filepath.Join("..data", "access.yaml"))
		link("team-a.yaml", filepath.Join("..data", "team-a.yaml"))
		f := follow(t, dir)
		f.wants(t, "at first", 1, 0)
		link("..data", "..2")
		f.wants(t, "swapped", 2, 0)
	})
}

// TestIncludedFilesAreWatched shows that included files are watched that are changed,
// added and removed, also while a file is broken.
func TestIncludedFilesAreWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := follow(t, folder(t, map[string]string{"access.yaml": head, "teams/people.yaml": people}))
		f.wants(t, "at first", 1, 0)
		f.write(t, "teams/people.yaml", people+"# changed\n")
		f.wants(t, "changed", 2, 0)
		f.write(t, "teams/orders.yaml", orders)
		f.wants(t, "come", 3, 0)
		if got := len(f.applied[2].Services()); got != 2 {
			t.Errorf("%d services, want 2", got)
		}
		if err := os.Remove(filepath.Join(f.dir, "teams/orders.yaml")); err != nil {
			t.Fatal(err)
		}
		f.wants(t, "gone", 4, 0)
		f.write(t, "other/orders.yaml", "broken")
		f.write(t, "access.yaml", strings.Replace(head, "[", "[other/*.yaml, ", 1))
		f.wants(t, "a broken one", 4, 1)
		f.write(t, "other/orders.yaml", orders)
		f.wants(t, "mended", 5, 1)
	})
}

// TestWatchedPoliciesHaveTheOptions shows that each policy has the options of .proto files.
func TestWatchedPoliciesHaveTheOptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		options := access.MethodOptions{GRPC: "acme.Orders", Method: "Get", Place: "p", Audience: "elsewhere"}
		f := follow(t, folder(t, map[string]string{"access.yaml": matrix}), policyfile.WatchMethodOptions(options))
		f.wants(t, "a contradiction", 0, 1)
	})
}

func TestWatchRefuses(t *testing.T) {
	apply := func(*access.Policy) error { return nil }
	for want, watch := range map[string]func() error{
		"no path":          func() error { return policyfile.Watch(t.Context(), "", apply) },
		"nothing to apply": func() error { return policyfile.Watch(t.Context(), "access.yaml", nil) },
		"a nil option":     func() error { return policyfile.Watch(t.Context(), "access.yaml", apply, policyfile.WatchLogger(nil)) },
		"nil option; ":     func() error { return policyfile.Watch(t.Context(), "access.yaml", apply, policyfile.WatchReport(nil)) },
		"more than 0":      func() error { return policyfile.Watch(t.Context(), "access.yaml", apply, policyfile.WatchInterval(0)) },
	} {
		if err := watch(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Watch = %v, want an error that says %q", err, want)
		}
	}
}
