package admission

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/audience/verifier"
)

// Config says how a [Controller] decides and reports. Log and Meter are required. The
// zero value of every other field is the strictest value, or none.
type Config struct {
	// Log receives a line for each decision; see [Controller.Decide].
	Log *slog.Logger

	// SampleAdmitted is n if one of n admitted requests is logged at info level; 0
	// for none.
	SampleAdmitted int

	// RefusalWindow is how long refusals of one kind share a log line; 0 gives
	// each a line.
	RefusalWindow time.Duration

	// Meter makes the instruments.
	Meter metric.Meter

	// Leases returns how many streams run under a lease, for the metrics; nil
	// for none.
	Leases func() int

	// Plaintext says which connections may carry tokens without encryption.
	Plaintext Plaintext

	// Revocations knows the tokens that were revoked; nil means that revocations are
	// not checked.
	Revocations revocation.Checker

	// Verifier adjusts how tokens are verified.
	Verifier []verifier.Option

	// StreamGrace is how long a stream may go on after its token has ended.
	StreamGrace time.Duration

	// IgnoreStreamExpiry lets streams go on after their tokens have ended.
	IgnoreStreamExpiry bool
}

// Controller decides about the requests to one server by an access policy. It is
// safe for concurrent use.
type Controller struct {
	config   Config
	services []string                     // the services of the matrix that the server hosts
	guard    atomic.Pointer[access.Guard] // the policy in force
	verifier *verifier.Verifier
	recorder *recorder

	swapping sync.Mutex             // held during a change of policy; guards the fields below
	options  []access.MethodOptions // the .proto options with which the policy in force was made
	surfaces map[any]Surface        // which policies must cover
	plain    *plainIssuers
}

// New returns a controller for the services of these names. It checks the
// configuration and does no network I/O. Close it at the end.
func New(policy *access.Policy, services []string, config Config) (*Controller, error) {
	if policy == nil {
		return nil, errNoPolicy
	}
	guard, err := policy.Guard(services...)
	if err != nil {
		return nil, err
	}
	c := &Controller{config: config, services: slices.Clone(services), surfaces: map[any]Surface{}}
	c.guard.Store(guard)
	if c.verifier, err = verifier.New(guard.Issuers(), config.Verifier...); err != nil {
		return nil, err
	}
	if c.recorder, err = newRecorder(config, c.verifier, c.guard.Load); err != nil {
		return nil, err
	}
	if c.plain, err = newPlainIssuers(config.Meter); err != nil {
		return nil, err
	}
	c.options = policy.GivenOptions()
	c.logWarnings(policy)
	c.plain.show(guard.Issuers())
	return c, nil
}

var errNoPolicy = errors.New("no policy")

// logWarnings logs the warnings about a policy: what it allows and is rarely intended.
func (c *Controller) logWarnings(policy *access.Policy) {
	for _, problem := range policy.Warnings() {
		if problem.Severity == access.Warning {
			c.config.Log.Warn("access matrix", slog.String("problem", problem.Error()))
		}
	}
}

// Guard returns the policy in force.
func (c *Controller) Guard() *access.Guard { return c.guard.Load() }

// Ready returns nil if requests can be judged: the keys of every issuer are in memory,
// and it is known what was revoked. It starts to fetch keys that have not been requested
// before.
func (c *Controller) Ready(ctx context.Context) error {
	if err := c.verifier.Ready(ctx); err != nil {
		return err
	}
	ready, _ := c.RevocationsReady()
	return ready
}

// StopVerifier ends the requests to the issuers. Tokens whose keys are in memory can
// still be verified.
func (c *Controller) StopVerifier() { c.verifier.Close() }

// Close ends the requests to the issuers, and writes the log lines that count
// repeated refusals.
func (c *Controller) Close() error {
	c.StopVerifier()
	return c.recorder.close()
}
