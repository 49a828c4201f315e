package main

import (
	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/envoy"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/ordered"
)

// envoyFlags are the flags for Envoy.
type envoyFlags struct {
	bootstrap                bool
	listen, upstream, caFile string
}

func (v *envoyFlags) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&v.bootstrap, "bootstrap", false, "for envoy: a whole configuration")
	flags.StringVar(&v.listen, "listen", "127.0.0.1:8443", "for envoy --bootstrap: the address to listen on, host:port")
	flags.StringVar(&v.upstream, "upstream", "127.0.0.1:50051", "for envoy --bootstrap: the address of the service, host:port")
	flags.StringVar(&v.caFile, "ca-file", "/etc/ssl/certs/ca-certificates.crt", "for envoy: the file with certificates to trust for the issuers and for --authz, in PEM, where Envoy runs")
}

const envoyHead = `# Made by grpcaud from the access matrix: change that, and export it again.
#
# Envoy differs from a guarded server by design. It answers a token for another
# audience with 403 (PERMISSION_DENIED), without a reason. It does not end a stream when
# the token expires. When a token is verified, it compares audiences without http(s):// and
# without a slash at their end; the rules after that compare them exactly. It refuses
# tokens that are bound to a certificate, those without kid unless it was given one
# key, and chains of more than four actors, and takes the scheme as Bearer or bearer
# alone. It does not ask whether a token was revoked. A key that it has not fetched yet
# is a 401 (UNAUTHENTICATED) to the caller.
#
# It admits what a server refuses: tokens signed with a key of the fetched set that is
# not for verifying (use: enc, key_ops without verify, RSA below 2048 bits, no kid);
# JSON that is not strict, or nested too deep; a header of more than 4 KiB and claims
# of more than 1024 bytes; and any content of objects and arrays in claims that no
# rule compares. Unfit keys in --jwks-file were left out when this was written.
`

const envoyWire = `#
# The listener has no transport_socket: give it TLS before tokens come over a network.
`

const envoyAuthzHead = `# Made by grpcaud from the access matrix: change that, and export it again.
#
# Envoy asks "grpcaud authz" about each request, and refuses it (503, UNAVAILABLE) if
# there is no answer: failure_mode_allow is false and must stay so. Which service of the
# matrix is meant, the route says (context_extensions).
#
# A stream is judged only when it opens: it does not end when its token expires or is
# revoked, or when the matrix changes. max_stream_duration is the limit instead.
#
# The service behind Envoy reads the caller in the headers x-grpcaud-*, and must not be
# reachable in another way. No filter after this one may set them, and no route may
# rewrite the path.
`

// exportAuthz writes the wiring of Envoy with an authorization service.
func (v *envoyFlags) exportAuthz(cmd *cobra.Command, policy *access.Policy, services []string, a authzFlags) error {
	e, err := envoy.NewExternal(policy, services)
	if err != nil {
		return err
	}
	e.Addr, e.CAFile, e.MaxStream, e.Listen, e.Upstream = a.at, v.caFile, a.maxStream, v.listen, v.upstream
	write, head := e.Parts, envoyAuthzHead
	if v.bootstrap {
		write, head = e.Bootstrap, envoyAuthzHead+envoyWire
	}
	config, err := write()
	if err != nil {
		return err
	}
	return writeYAML(cmd, head, config)
}

// export writes the filters, or the whole configuration, for the policy.
func (v *envoyFlags) export(cmd *cobra.Command, policy *access.Policy, m meshFlags) ([]string, error) {
	plan, keys, err := m.plan(policy)
	if err != nil {
		return nil, err
	}
	o := envoy.Options{Keys: keys, Forward: m.forward, Listen: v.listen, Upstream: v.upstream, CAFile: v.caFile}
	if v.bootstrap {
		config, err := envoy.Bootstrap(plan, o)
		if err != nil {
			return nil, err
		}
		return plan.Notes, writeYAML(cmd, envoyHead+envoyWire, config)
	}
	filters, err := envoy.Filters(plan, o)
	if err != nil {
		return nil, err
	}
	return plan.Notes, writeYAML(cmd, envoyHead, ordered.Map{"http_filters", filters})
}
