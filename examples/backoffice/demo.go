package main

import (
	"log/slog"
	"time"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/examples/internal/company"
	"github.com/grpcaud/grpcaud/interceptor"
)

// demo is the company, with a tap at each server.
type demo struct {
	*company.Company
	taps           map[string]*tap // of the latest server of each service
	orders, people *server
}

// server is one server of the company, and what it was sent.
type server struct {
	*company.Server
	tap *tap
}

// open starts the company.
func open(config config, policy *access.Policy, records decision.Recorder, log *slog.Logger) (*demo, error) {
	d := &demo{taps: map[string]*tap{}}
	var err error
	d.Company, err = company.Open(company.Config{
		Policy: policy, IssuerAddr: config.issuerAddr, OrdersAddr: config.orders, PeopleAddr: config.people,
		Server: func(service string) []interceptor.ServerOption {
			return []interceptor.ServerOption{
				interceptor.Logger(log.With(slog.String("server", service))),
				interceptor.DecisionRecords(records, decision.KeptUsers()),
				// The last scene rotates the issuer's keys several times in a second.
				interceptor.VerifierOptions(verifier.Cooldown(100 * time.Millisecond)),
			}
		},
		Client: func(client string) []interceptor.ClientOption {
			return []interceptor.ClientOption{interceptor.Logger(log.With(slog.String("client", client)))}
		},
		GRPC: func(service string) []grpc.ServerOption {
			d.taps[service] = &tap{}
			return d.taps[service].options()
		},
	})
	if err != nil {
		return nil, err
	}
	d.orders, d.people = d.tapped(d.Orders), d.tapped(d.People)
	return d, nil
}

// tapped returns the latest server of a service.
func (d *demo) tapped(s *company.Server) *server { return &server{s, d.taps[s.Service]} }

func (d *demo) server(service string) *server {
	if service == company.HumanResource {
		return d.people
	}
	return d.orders
}
