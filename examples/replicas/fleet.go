package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/audience/revocation/shared"
	"github.com/grpcaud/grpcaud/examples"
	"github.com/grpcaud/grpcaud/examples/internal/company"
	"github.com/grpcaud/grpcaud/interceptor"
)

// staleAfter is how long a replica that cannot reach the store judges by its list. The
// default of 10 seconds is for networks; a demonstration should not take as long.
const staleAfter = 2 * time.Second

// fleet are the replicas of order-status. Each has its own copy of the list.
type fleet struct {
	*company.Company
	store    *store
	replicas []*company.Server
	lists    []*shared.List
}

// openFleet starts three replicas, and returns when they know what was revoked.
func openFleet(ctx context.Context, s *store) (*fleet, error) {
	f := &fleet{store: s}
	var err error
	f.Company, err = company.Open(company.Config{Server: f.options, Client: func(string) []interceptor.ClientOption {
		return []interceptor.ClientOption{interceptor.Logger(slog.New(slog.DiscardHandler))}
	}})
	if err != nil {
		return nil, errors.Join(err, f.closeLists())
	}
	f.replicas = []*company.Server{f.Orders}
	for len(f.replicas) < 3 && err == nil {
		err = f.add()
	}
	if err == nil {
		err = f.known(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

// options are those of a guard. Each guard of order-status has a list: its own replica of
// the one that all share.
func (f *fleet) options(service string) []interceptor.ServerOption {
	quiet := slog.New(slog.DiscardHandler)
	all := []interceptor.ServerOption{interceptor.Logger(quiet)}
	if service != company.OrderStatus {
		return all
	}
	list, err := shared.New(f.store.option, shared.Name(f.store.name), shared.StaleAfter(staleAfter), shared.Logger(quiet),
		shared.ReplicaID(fmt.Sprintf("order-status-%d", len(f.lists)+1)))
	if err != nil {
		return append(all, interceptor.Revocations(nil)) // which is an error of the server
	}
	if policy, err := examples.Policy(); err == nil {
		list.AnnounceGeneration(policy.Generation)
	}
	f.lists = append(f.lists, list)
	return append(all, interceptor.Revocations(list))
}

// add starts one more replica.
func (f *fleet) add() error {
	server, err := f.Serve(company.OrderStatus, "")
	f.replicas = append(f.replicas, server)
	return err
}

// known waits until all replicas know what was revoked.
func (f *fleet) known(ctx context.Context) error {
	for _, list := range f.lists {
		if err := wait(ctx, func() bool { return list.Ready() == nil }); err != nil {
			return errors.Join(err, list.Ready())
		}
	}
	return nil
}

// revoke revokes the tokens that a user has so far, at the first replica.
func (f *fleet) revoke(ctx context.Context, user string) error {
	now := time.Now()
	return f.lists[0].Revoke(ctx, revocation.Entry{Issuer: f.Issuer.URL(), Subject: user, IssuedBefore: now, Expires: now.Add(24 * time.Hour)})
}

func (f *fleet) close() error { return errors.Join(f.Company.Close(), f.closeLists()) }

func (f *fleet) closeLists() error {
	var all error
	for _, list := range f.lists {
		all = errors.Join(all, list.Close())
	}
	return all
}

// wait waits until something holds, for half a minute at most.
func wait(ctx context.Context, holds func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
	return nil
}
