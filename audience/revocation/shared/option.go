package shared

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
)

const (
	defaultBound = 100_000
	defaultStale = 10 * time.Second
	defaultName  = "grpcaud"

	maxReplicaID = 128
)

// Option adjusts [New].
type Option interface{ apply(*settings) }

type optionFunc func(*settings)

func (f optionFunc) apply(s *settings) { f(s) }

type settings struct {
	name        string
	bound       int
	stale       time.Duration
	serveStale  bool
	log         *slog.Logger
	meters      metric.MeterProvider
	replica     string // its id
	unannounced bool
	pulse       time.Duration // how long a replica waits for a change before it asks for the state
	settle      time.Duration // how long the replicas have to fill a store that came back empty
	lease       time.Duration // how long a replica that has gone keeps its lease
}

func newSettings(opts []Option) (settings, error) {
	s := settings{name: defaultName, bound: defaultBound, stale: defaultStale, log: slog.Default(), meters: otel.GetMeterProvider(), replica: replicaID(), pulse: 500 * time.Millisecond, settle: 2 * time.Second, lease: 6 * time.Second}
	for _, o := range opts {
		o.apply(&s)
	}
	switch {
	case s.name == "":
		return s, errors.New("shared: the name of the list is empty")
	case s.bound < 1:
		return s, fmt.Errorf("shared: a bound of %d entries, want at least 1", s.bound)
	case s.stale < s.pulse+patience:
		return s, fmt.Errorf("shared: a replica that is stale after %v, want at least %v", s.stale, s.pulse+patience)
	case s.replica == "" || len(s.replica) > maxReplicaID || strings.ContainsFunc(s.replica, func(r rune) bool { return r < '!' || r > '~' }):
		return s, fmt.Errorf("shared: a replica with the id %.128q, want 1 to %d characters of ASCII, and no spaces", s.replica, maxReplicaID)
	case s.log == nil:
		return s, errors.New("shared: no logger")
	case s.meters == nil:
		return s, errors.New("shared: no provider of meters")
	}
	return s, nil
}

// Name sets the name of the list. Its keys in the store begin with it, in braces, so
// that a cluster keeps them on one node. Replicas with the same name share a list. The
// default is "grpcaud".
func Name(name string) Option { return optionFunc(func(s *settings) { s.name = name }) }

// Bound sets how many entries the list may have. The default is 100,000. A list is
// stored only in part by a replica with a smaller bound than the others: its calls are
// then refused, because it does not know what was revoked.
func Bound(entries int) Option { return optionFunc(func(s *settings) { s.bound = entries }) }

// StaleAfter sets how long a replica may have heard nothing from the store until it no
// longer answers. The default is 10 seconds, the minimum is 1.5 seconds.
func StaleAfter(d time.Duration) Option { return optionFunc(func(s *settings) { s.stale = d }) }

// InsecureServeStale lets a replica that has heard nothing from the store answer by
// what it last knew, for as long as the store is away: tokens that were revoked
// meanwhile are admitted. The log says so. A replica that has never had the list is not
// affected by the option.
func InsecureServeStale() Option { return optionFunc(func(s *settings) { s.serveStale = true }) }

// ReplicaID sets the name under which the replica is listed by [List.Replicas] and by the
// command grpcaud status: of ASCII, and another one for each replica. The default is the
// name of the host with a random suffix.
func ReplicaID(id string) Option { return optionFunc(func(s *settings) { s.replica = id }) }

// Unannounced leaves the replica out of [List.Replicas]. It is for tools, which guard no
// server.
func Unannounced() Option { return optionFunc(func(s *settings) { s.unannounced = true }) }

// replicaID returns the default of [ReplicaID].
func replicaID() string {
	host, _ := os.Hostname()
	host = strings.Map(func(r rune) rune {
		if r < '!' || r > '~' {
			return -1
		}
		return r
	}, host)
	return fmt.Sprintf("%.100s-%s", cmp.Or(host, "replica"), strings.ToLower(rand.Text()[:6]))
}

// Logger sets where the list tells that it lost the store, and that it is back. The
// default is [slog.Default].
func Logger(log *slog.Logger) Option { return optionFunc(func(s *settings) { s.log = log }) }

// MeterProvider sets the provider of the metrics' instruments: how many entries the list
// has, whether the replica is ready, and for how long it has heard nothing. The default
// is [otel.GetMeterProvider].
func MeterProvider(p metric.MeterProvider) Option {
	return optionFunc(func(s *settings) { s.meters = p })
}
