package learn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/learn"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/recorded"
	"github.com/grpcaud/grpcaud/internal/admission"
	"github.com/grpcaud/grpcaud/testutil"
)

// randomCell is who calls what.
type randomCell struct {
	service, method string // the full name of the method
	issuer          int
	client          string // its id
	user            bool
}

// randomSystem is a system in which clients call services.
type randomSystem struct {
	random  *rand.Rand
	issuers []*testutil.Issuer
	methods map[string][]string // by service
	clients []randomCell        // issuer and client alone
	truth   map[randomCell][]string
	seen    map[randomCell][]string // the scopes that all calls had
}

var (
	urls   = []string{"https://idp.example.com", "https://sso.example.com/realms/corp"}
	scopes = []string{"read", "write", "orders:all", "https://api.example.com/.default", "true", "1e3"}
	ids    = []string{"portal", "Portal", "batch job", "order-status", "true", "~", "<<", "*", "any", "1e3", `a: "b" # allow: [`, "client-1", strings.Repeat("long", 40)}
)

func newRandomSystem(seed uint64) *randomSystem {
	s := &randomSystem{random: rand.New(rand.NewPCG(seed, 17)), methods: map[string][]string{}, truth: map[randomCell][]string{}, seen: map[randomCell][]string{}}
	for _, url := range urls {
		s.issuers = append(s.issuers, testutil.NewIssuer(url))
	}
	for n := range 1 + s.random.IntN(4) {
		name, grpcs := "service-"+strconv.Itoa(n), 1+s.random.IntN(2)
		for m := range 1 + s.random.IntN(4) {
			s.methods[name] = append(s.methods[name], fmt.Sprintf("/acme.v%d.Service%d/Method%d", 1+m%grpcs, n, m))
		}
	}
	for range 1 + s.random.IntN(6) {
		s.clients = append(s.clients, randomCell{issuer: s.random.IntN(2), client: ids[s.random.IntN(len(ids))]})
	}
	for name, methods := range s.methods {
		for _, method := range methods {
			for _, c := range s.clients {
				if s.random.IntN(2) == 0 {
					c.service, c.method, c.user = name, method, s.random.IntN(2) == 0
					s.truth[c] = s.some(scopes)
				}
			}
		}
	}
	return s
}

// some returns some of these values.
func (s *randomSystem) some(values []string) []string {
	all := slices.Clone(values)
	s.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:s.random.IntN(3)]
}

// observed is a matrix that only names services.
func (s *randomSystem) observed(t *testing.T) *access.Policy {
	m := access.Matrix{
		Issuers:  map[string]access.Issuer{"a": {URL: urls[0]}, "b": {URL: urls[1], Preset: "keycloak"}},
		Services: map[string]access.Service{},
	}
	for name, methods := range s.methods {
		service := access.Service{Issuers: []string{"a", "b"}, Rollout: []access.Rollout{{Mode: access.Observe, Until: time.Now().Add(time.Hour)}}}
		for _, method := range methods {
			grpc, _, _ := strings.Cut(method[1:], "/")
			service.GRPC = append(service.GRPC, grpc)
		}
		slices.Sort(service.GRPC)
		service.GRPC = slices.Compact(service.GRPC)
		m.Services[name] = service
	}
	policy, err := access.New(m)
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

// token returns a token of a cell.
func (s *randomSystem) token(c randomCell, granted []string, changes testutil.Claims) string {
	claims := testutil.Claims{"aud": []string{c.service, "account"}, "client_id": c.client, "sub": c.client, "scope": strings.Join(granted, " ")}
	if c.issuer == 1 {
		claims["azp"], claims["typ"] = c.client, "Bearer"
		delete(claims, "sub") // of a client that calls as itself
	}
	if c.user {
		claims["sub"], claims["sid"] = "alice", "s-1"
		if c.issuer == 1 {
			delete(claims, "client_id")
		}
	}
	maps.Copy(claims, changes)
	return s.issuers[c.issuer].Mint(claims)
}

// controllers decide by a policy, each for one service.
func (s *randomSystem) controllers(t *testing.T, policy *access.Policy, to decision.Recorder) map[string]*admission.Controller {
	all := map[string]*admission.Controller{}
	for name := range s.methods {
		if !slices.Contains(policy.Services(), name) {
			continue
		}
		transport := roundTripper{s.issuers}
		c, err := admission.New(policy, []string{name}, admission.Config{
			Log: slog.New(slog.DiscardHandler), Meter: noop.NewMeterProvider().Meter(""), Decisions: to,
			Plaintext: admission.Plaintext{Any: true}, Verifier: []verifier.Option{verifier.Transport(transport)},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		all[name] = c
	}
	return all
}

// call decides about one call.
func call(t *testing.T, at map[string]*admission.Controller, c randomCell, token string) admission.Decision {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if at[c.service] == nil {
		return admission.Decision{Outcome: admission.Refused, Err: &audience.Refusal{Cause: audience.CauseNoRule}}
	}
	r := admission.Request{Method: c.method, Peer: admission.Peer{Connection: admission.PrivateConnection}}
	if token != "" {
		r.Credentials = []string{"Bearer " + token}
	}
	return at[c.service].Decide(ctx, &r)
}

// run makes calls: those of the system, and others that must not be learnt.
func (s *randomSystem) run(t *testing.T, at map[string]*admission.Controller) {
	for _, c := range slices.SortedFunc(maps.Keys(s.truth), func(a, b randomCell) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) }) {
		for range 1 + s.random.IntN(3) {
			granted := append(s.some(scopes), s.truth[c]...)
			if d := call(t, at, c, s.token(c, granted, nil)); d.Outcome != admission.WouldRefuse || !errors.Is(d.Err, audience.CauseNoRule) {
				t.Fatalf("%+v: %s, %v", c, d.Outcome, d.Err)
			}
			if before, known := s.seen[c]; known {
				granted = slices.DeleteFunc(before, func(x string) bool { return !slices.Contains(granted, x) })
			}
			s.seen[c] = slices.Compact(slices.Sorted(slices.Values(granted)))
		}
		other := c
		other.user = !c.user
		call(t, at, other, s.token(other, scopes, testutil.Claims{"aud": "somebody-else"}))
		call(t, at, other, s.token(other, scopes, testutil.Claims{"exp": 1}))
		call(t, at, other, "forged")
		call(t, at, other, "")
	}
}

// readFile returns what a log file tells.
func readFile(t *testing.T, path string) (*learn.Collector, recorded.Count) {
	cmd := &cobra.Command{}
	cmd.SetContext(t.Context())
	cmd.SetErr(io.Discard)
	c := learn.NewCollector()
	log, err := recorded.Read(cmd, []string{path}, c.Add, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c, log.Count
}

// systems is how many random systems are tried; GRPCAUD_SYSTEMS sets another number.
func systems() uint64 {
	if n, err := strconv.ParseUint(os.Getenv("GRPCAUD_SYSTEMS"), 10, 64); err == nil {
		return n
	}
	return 50
}

// TestLearnAdmitsWhatWasSeenAndNothingElse learns from what random systems do while their
// calls are observed, and tries every cell of the learnt matrix with real tokens.
func TestLearnAdmitsWhatWasSeenAndNothingElse(t *testing.T) {
	learnt := 0
	for seed := range systems() {
		s := newRandomSystem(seed)
		path := filepath.Join(t.TempDir(), "decisions.jsonl")
		file, err := decision.OpenFile(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		s.run(t, s.controllers(t, s.observed(t), file))
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		if len(s.seen) == 0 {
			continue
		}
		c, log := readFile(t, path)
		text, err := c.Matrix(log, learn.Base{}, descriptor.Set{}, io.Discard)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		policy, err := policyfile.Parse("access.yaml", text)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, text)
		}
		learnt++
		if fault := s.fault(t, s.controllers(t, policy, nil)); fault != "" {
			t.Fatalf("seed %d: %s\n%s", seed, fault, text)
		}
	}
	if uint64(learnt) < systems()/2 {
		t.Errorf("%d systems learnt of %d", learnt, systems())
	}
}

// fault tries each cell with the scopes that its calls had, with one of them less, and with
// all scopes where nothing was seen.
func (s *randomSystem) fault(t *testing.T, at map[string]*admission.Controller) string {
	for name, methods := range s.methods {
		for _, method := range methods {
			for _, c := range s.clients {
				for _, user := range []bool{false, true} {
					c.service, c.method, c.user = name, method, user
					granted, seen := s.seen[c]
					if !seen {
						granted = scopes
					}
					if d := call(t, at, c, s.token(c, granted, nil)); (d.Outcome == admission.Admitted) != seen {
						return fmt.Sprintf("%#v with scopes %q: %s, %v; seen: %v", c, granted, d.Outcome, d.Err, seen)
					}
					for i := range granted {
						fewer := slices.Delete(slices.Clone(granted), i, i+1)
						if d := call(t, at, c, s.token(c, fewer, nil)); d.Outcome == admission.Admitted {
							return fmt.Sprintf("%#v with scopes %q is admitted; seen with %q", c, fewer, granted)
						}
					}
				}
			}
		}
	}
	return ""
}
