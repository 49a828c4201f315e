package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/grpcaud/grpcaud/audience"
)

// scene is what the acts of the example share.
type scene struct {
	*fleet
	out      io.Writer
	ada, ben *person
	streams  int // of each person
}

// play shows the acts in turn. It returns an error if something is not as it should be.
func play(ctx context.Context, f *fleet, out io.Writer, streams int) error {
	ctx, cancel := context.WithCancel(ctx)
	s := &scene{fleet: f, out: out, ada: newPerson(f, "ada", "o-1"), ben: newPerson(f, "ben", "o-4"), streams: streams * len(f.replicas)}
	defer s.ben.done.Wait()
	defer s.ada.done.Wait()
	defer cancel()
	for _, p := range []*person{s.ada, s.ben} {
		if err := p.watch(ctx, f.replicas, streams); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "Three replicas of order-status share a list of revocations.\n  Ada and Ben watch their orders: %d streams each, %d at each replica.\n", s.streams, streams)
	for _, act := range []func(context.Context) error{s.revoked, s.dead, s.back} {
		if err := act(ctx); err != nil {
			return err
		}
	}
	return nil
}

// revoked shows one revocation.
func (s *scene) revoked(ctx context.Context) error {
	fmt.Fprintln(s.out, "\nAda's laptop is stolen. Her tokens are revoked, at replica 1.")
	began := time.Now()
	if err := s.revoke(ctx, s.ada.name); err != nil {
		return err
	}
	if err := s.ends(ctx, s.ada, audience.ReasonTokenRevoked, began); err != nil {
		return err
	}
	if n := s.ben.running.Load(); int(n) != s.streams {
		return fmt.Errorf("%d of Ben's %d streams run, want all", n, s.streams)
	}
	fmt.Fprintf(s.out, "  Ben's go on: %d of %d.\n", s.streams, s.streams)
	if err := s.say(ctx, s.ada, audience.ReasonTokenRevoked, "A call with Ada's token is refused by every replica"); err != nil {
		return err
	}
	return s.say(ctx, s.ben, "", "A call of Ben's is admitted by every replica")
}

// dead shows what happens without the store.
func (s *scene) dead(ctx context.Context) error {
	fmt.Fprintln(s.out, "\nThe store dies.")
	began := time.Now()
	s.store.die()
	if err := s.say(ctx, s.ben, "", fmt.Sprintf("For %v the replicas judge by the lists in memory. Ben is admitted", staleAfter)); err != nil {
		return err
	}
	if err := s.ends(ctx, s.ben, audience.ReasonIssuerUnavailable, began); err != nil {
		return err
	}
	if err := s.say(ctx, s.ben, audience.ReasonIssuerUnavailable, "Nobody knows now what else was revoked, so Ben's calls are refused too, with UNAVAILABLE"); err != nil {
		return err
	}
	return s.say(ctx, s.ada, audience.ReasonTokenRevoked, "Ada's are refused as revoked: that is known")
}

// back shows what happens when the store is back, without the list.
func (s *scene) back(ctx context.Context) error {
	fmt.Fprintln(s.out, "\nThe store comes back, empty.")
	began := time.Now()
	if err := s.store.revive(ctx); err != nil {
		return err
	}
	if err := s.known(ctx); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "  The replicas have written back what they know, and are ready after %v.\n", rounded(time.Since(began)))
	if err := s.say(ctx, s.ben, "", "Ben is admitted by every replica"); err != nil {
		return err
	}
	if err := s.add(); err != nil {
		return err
	}
	if err := s.known(ctx); err != nil {
		return err
	}
	if err := s.say(ctx, s.ada, audience.ReasonTokenRevoked, "A fourth replica starts. Ada's token is refused by all four"); err != nil {
		return err
	}
	return s.list(ctx)
}

// list shows what grpcaud status shows.
func (s *scene) list(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	replicas, err := s.lists[0].Await(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(s.out, "\nThe replicas, as grpcaud status lists them:")
	for _, r := range replicas {
		fmt.Fprintf(s.out, "  %s  policy %.12s  %d entry  lacks %d\n", r.ID, r.Generation, r.Entries, r.Behind)
	}
	return nil
}

// ends waits until all streams of a person have ended for a reason.
func (s *scene) ends(ctx context.Context, p *person, why audience.Reason, began time.Time) error {
	if err := wait(ctx, func() bool { return p.running.Load() == 0 }); err != nil {
		return fmt.Errorf("%d streams of %s run on: %w", p.running.Load(), p.name, err)
	}
	n, last := p.ended(why)
	if n != s.streams {
		return fmt.Errorf("%d of %d streams of %s ended with %s", n, s.streams, p.name, why)
	}
	fmt.Fprintf(s.out, "  All %d streams of %s have ended with %s, the last after %v.\n", n, p.name, why, rounded(last.Sub(began)))
	return nil
}

// say makes a call to every replica, and says what came of it if that is as it should be.
func (s *scene) say(ctx context.Context, p *person, want audience.Reason, text string) error {
	got, err := p.calls(ctx, s.replicas)
	if err != nil {
		return err
	}
	for i, reason := range got {
		if reason != want {
			return fmt.Errorf("%s at replica %d: got %q, want %q", p.name, i+1, reason, want)
		}
	}
	fmt.Fprintf(s.out, "  %s.\n", text)
	return nil
}

func rounded(d time.Duration) time.Duration { return d.Round(time.Millisecond) }
