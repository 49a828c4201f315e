package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"

	"github.com/alicebob/miniredis/v2"
	"github.com/valkey-io/valkey-go"
)

// store is the store of the list, and the line to it, which can be cut.
type store struct {
	name     string // of the list
	option   valkey.ClientOption
	embedded *miniredis.Miniredis // nil for one that runs elsewhere

	mu    sync.Mutex // guards the fields below
	dead  bool
	conns map[net.Conn]bool
}

// openStore returns the store at a URL; an embedded one without a URL. The password
// comes from the environment, since others on this machine can read the arguments.
func openStore(url string) (*store, error) {
	s := &store{name: "grpcaud-example-" + rand.Text()[:8], conns: map[net.Conn]bool{}}
	if url == "" {
		s.embedded = miniredis.NewMiniRedis()
		if err := s.embedded.Start(); err != nil {
			return nil, fmt.Errorf("the embedded store: %w", err)
		}
		s.option.InitAddress = []string{s.embedded.Addr()}
	} else {
		var err error
		if s.option, err = valkey.ParseURL(url); err != nil || s.option.Password != "" {
			return nil, errors.New("-store: want valkey://USER@HOST:PORT, and the password in GRPCAUD_STORE_PASSWORD")
		}
		s.option.Password = os.Getenv("GRPCAUD_STORE_PASSWORD")
	}
	s.option.DialCtxFn = s.dial
	return s, nil
}

// dial connects to the store, unless it is dead.
func (s *store) dial(ctx context.Context, address string, dialer *net.Dialer, config *tls.Config) (net.Conn, error) {
	var conn net.Conn
	var err error
	if config != nil {
		conn, err = (&tls.Dialer{NetDialer: dialer, Config: config}).DialContext(ctx, "tcp", address)
	} else {
		conn, err = dialer.DialContext(ctx, "tcp", address)
	}
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		conn.Close()
		return nil, errors.New("the store is dead")
	}
	s.conns[conn] = true
	return conn, nil
}

// die cuts all connections, and refuses new ones.
func (s *store) die() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dead = true
	for conn := range s.conns {
		conn.Close()
	}
	clear(s.conns)
}

// revive lets connections through again, to a store that has nothing of the list.
func (s *store) revive(ctx context.Context) error {
	s.mu.Lock()
	s.dead = false
	s.mu.Unlock()
	return s.empty(ctx)
}

// empty removes the list from the store.
func (s *store) empty(ctx context.Context) error {
	option := s.option
	option.DisableCache = true
	client, err := valkey.NewClient(option)
	if err != nil {
		return fmt.Errorf("the store: %w", err)
	}
	defer client.Close()
	var keys []string
	for _, key := range []string{"state", "entries", "ends", "changes", "replicas", "heard"} {
		keys = append(keys, "{"+s.name+"}:revocation:"+key)
	}
	if err := client.Do(ctx, client.B().Del().Key(keys...).Build()).Error(); err != nil {
		return fmt.Errorf("the store: %w", err)
	}
	return nil
}

func (s *store) close() error {
	if s.embedded != nil {
		s.embedded.Close()
		return nil
	}
	return s.empty(context.Background())
}
