package store

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/audience/revocation/shared"
)

// Open connects to the list, and returns it when it has been read.
func (f *Flags) Open(ctx context.Context) (*shared.List, error) {
	if f.Timeout <= 0 {
		return nil, fmt.Errorf("--timeout %v: want more than 0", f.Timeout)
	}
	if f.bound < 1 {
		return nil, fmt.Errorf("--bound %d: want at least 1", f.bound)
	}
	if f.list == "" {
		return nil, errors.New("--list is empty; leave it out if the servers have no name for theirs")
	}
	option, err := f.options()
	if err != nil {
		return nil, err
	}
	list, err := shared.New(option, shared.Name(f.list), shared.Bound(f.bound), shared.Unannounced(), shared.Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return nil, err
	}
	if err := f.wait(ctx, list); err != nil {
		return nil, errors.Join(fmt.Errorf("the store at %s: %w%s", option.InitAddress[0], err, hint(err)), list.Close())
	}
	return list, nil
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
