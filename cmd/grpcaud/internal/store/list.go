package store

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/valkey-io/valkey-go"

	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/audience/revocation/shared"
)

// minStaleAfter is the least that [shared.StaleAfter] takes.
const minStaleAfter = 1500 * time.Millisecond

// Open connects to the list, and returns it when it has been read.
func (f *Flags) Open(ctx context.Context) (*shared.List, error) {
	if f.Timeout <= 0 {
		return nil, fmt.Errorf("--timeout %v: want more than 0", f.Timeout)
	}
	option, err := f.options()
	if err != nil {
		return nil, err
	}
	list, err := f.replica(option, shared.Unannounced(), shared.Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return nil, err
	}
	if err := f.wait(ctx, list); err != nil {
		return nil, errors.Join(fmt.Errorf("the store at %s: %w%s", option.InitAddress[0], err, hint(err)), list.Close())
	}
	return list, nil
}

// Join returns a replica of the list for the guard of a command, which is ready as soon as
// it has read the list. It is nil if no flag of cmd names a store.
func (f *Flags) Join(cmd *cobra.Command, opts ...shared.Option) (*shared.List, error) {
	if !cmd.Flags().Changed("store") {
		for _, flag := range []string{"store-user", "store-password-file", "store-ca", "list", "bound", "stale-after"} {
			if cmd.Flags().Changed(flag) {
				return nil, fmt.Errorf("--%s is about a store, and --store names none", flag)
			}
		}
		return nil, nil
	}
	option, err := f.options()
	if err != nil {
		return nil, err
	}
	if f.staleAfter < minStaleAfter {
		return nil, fmt.Errorf("--stale-after %v: want at least %v", f.staleAfter, minStaleAfter)
	}
	return f.replica(option, append(opts, shared.StaleAfter(f.staleAfter))...)
}

// replica returns a replica of the list in a store.
func (f *Flags) replica(store valkey.ClientOption, opts ...shared.Option) (*shared.List, error) {
	if f.bound < 1 {
		return nil, fmt.Errorf("--bound %d: want at least 1", f.bound)
	}
	if f.list == "" {
		return nil, errors.New("--list is empty; leave it out if the servers have no name for theirs")
	}
	return shared.New(store, append(opts, shared.Name(f.list), shared.Bound(f.bound))...)
}

// wait waits until the list has been read.
func (f *Flags) wait(ctx context.Context, list *shared.List) error {
	ctx, cancel := context.WithTimeout(ctx, f.Timeout)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		err := list.Ready()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

// hint says what to change.
func hint(err error) string {
	text := err.Error()
	_, authority := errors.AsType[x509.UnknownAuthorityError](err)
	switch {
	case errors.Is(err, revocation.ErrFull):
		return "; the servers have a larger bound than --bound"
	case authority:
		return "; --store-ca names a file with the certificate of its authority"
	case strings.Contains(text, "WRONGPASS"), strings.Contains(text, "NOAUTH"):
		return "; see --store-user and --store-password-file"
	case strings.Contains(text, "NOPERM"):
		return "; the user needs the keys that begin with the name of the list in braces"
	case strings.Contains(text, "first record does not look like a TLS handshake"):
		return "; it speaks no TLS: write valkey:// in --store, if the network is one to trust with the password"
	}
	return ""
}
