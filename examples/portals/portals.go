package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/examples/internal/company"
	"github.com/grpcaud/grpcaud/examples/portals/internal/backoffice"
	"github.com/grpcaud/grpcaud/examples/portals/internal/customer"
	"github.com/grpcaud/grpcaud/examples/portals/internal/operatorlog"
	"github.com/grpcaud/grpcaud/examples/portals/internal/web"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/testutil/matrixissuer"
)

// portals is the company with both portals.
type portals struct {
	config    config
	log       *slog.Logger
	decisions *operatorlog.Log // of human-resource
	revoked   *revocation.List // logins that have ended; the services refuse their tokens
	company   *company.Company
	all       []*portal
	listeners []net.Listener
}

// open starts the company, and listens for the portals. What has started is stopped again if
// the rest cannot.
func open(c config, log slog.Handler) (*portals, error) {
	p := &portals{config: c, log: slog.New(log), revoked: revocation.NewList(10_000)}
	p.decisions = operatorlog.New(p.library().Handler())
	if err := p.open(); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

func (p *portals) open() error {
	customerListener, customerOrigin, err := p.listen("customer-addr", p.config.customerAddr, customerHost)
	if err != nil {
		return err
	}
	officeListener, officeOrigin, err := p.listen("backoffice-addr", p.config.backofficeAddr, backofficeHost)
	if err != nil {
		return err
	}
	p.company, err = company.Open(company.Config{
		IssuerHost: loginHost, IssuerAddr: p.config.loginAddr, Provider: p.config.provider.of(), Login: loginName,
		Server: p.guard, Client: p.client,
		Issuer: []matrixissuer.Option{
			matrixissuer.Users(users()...),
			matrixissuer.FrontEnds(map[string]matrixissuer.FrontEnd{
				company.CustomerPortal:   frontEnd(customerOrigin),
				company.BackofficePortal: frontEnd(officeOrigin),
			}),
		},
	})
	if err != nil {
		return err
	}
	return errors.Join(p.openCustomer(customerListener, customerOrigin), p.openBackoffice(officeListener, officeOrigin))
}

func (p *portals) listen(flag, addr, host string) (net.Listener, string, error) {
	l, origin, err := listen(flag, addr, host)
	if err == nil {
		p.listeners = append(p.listeners, l)
	}
	return l, origin, err
}

// frontEnd is what the authorization server knows of a portal.
func frontEnd(origin string) matrixissuer.FrontEnd {
	return matrixissuer.FrontEnd{
		RedirectURIs:           []string{origin + "/callback"},
		PostLogoutRedirectURIs: []string{origin + "/signed-out"},
		BackchannelLogoutURI:   origin + logoutPath,
	}
}

// guard returns the options of the guard of a service.
func (p *portals) guard(service string) []interceptor.ServerOption {
	log := p.library()
	if service == company.HumanResource {
		log = slog.New(p.decisions)
	}
	return []interceptor.ServerOption{
		interceptor.Logger(log.With(slog.String("server", service))),
		interceptor.Revocations(p.revoked),
		// The page about the personnel files shows the line of this very call.
		interceptor.SampleRefused(0),
	}
}

// client returns the options of a client.
func (p *portals) client(string) []interceptor.ClientOption {
	return []interceptor.ClientOption{interceptor.Logger(p.library())}
}

// library is the log of the guards and clients. Without -log it has errors alone: the first
// lines would warn of the plain HTTP that leaves no machine here.
func (p *portals) library() *slog.Logger {
	if p.config.log {
		return p.log
	}
	return slog.New(errorsOnly{p.log.Handler()})
}

// openCustomer adds the customer portal, which presents the token of its user.
func (p *portals) openCustomer(l net.Listener, origin string) error {
	site, err := customer.Site(origin)
	if err != nil {
		return err
	}
	client := p.company.Client(company.CustomerPortal)
	scopes, parameters, err := client.LoginForward(company.OrderStatus)
	if err != nil {
		return err
	}
	orders, err := p.company.Keep(client.DialForward(p.company.Orders.Addr, company.OrderStatus, p.company.Creds()))
	if err != nil {
		return err
	}
	people, err := p.company.Dial(p.company.People, interceptor.Retry()...)
	if err != nil {
		return err
	}
	added, err := p.newPortal(company.CustomerPortal, l, site, scopes, parameters)
	if err != nil {
		return err
	}
	customer.Register(added.pages, site, added.signin, customer.Services{Caller: added.caller, Orders: orders, People: people, Decisions: p.decisions})
	return nil
}

// openBackoffice adds the back-office portal, which exchanges the token of its user for one for
// each service.
func (p *portals) openBackoffice(l net.Listener, origin string) error {
	site, err := backoffice.Site(origin)
	if err != nil {
		return err
	}
	scopes, parameters, err := p.company.Client(company.BackofficePortal).LoginOnBehalfOf(company.OrderStatus, company.HumanResource)
	if err != nil {
		return err
	}
	var conns [2]*grpc.ClientConn
	for i, to := range []*company.Server{p.company.Orders, p.company.People} {
		if conns[i], err = p.company.OnBehalfOf(company.BackofficePortal, to); err != nil {
			return err
		}
	}
	added, err := p.newPortal(company.BackofficePortal, l, site, scopes, parameters)
	if err != nil {
		return err
	}
	backoffice.Register(added.pages, site, added.signin, backoffice.Services{Caller: added.caller, Orders: conns[0], People: conns[1], Trail: p.company.Trail})
	return nil
}

// describe prints where the portals are, and who can sign in.
func (p *portals) describe(out io.Writer) {
	fmt.Fprintf(out, "Open these two in one browser:\n\n")
	for _, each := range p.all {
		fmt.Fprintf(out, "  %-16s %s\n", each.site.Name, each.site.Origin)
	}
	if p.config.provider.issuer != "" {
		p.describeProvider(out)
		return
	}
	fmt.Fprintf(out, "\nSign in with the password %q as\n\n  a customer       %s\n  an employee      %s\n\nCtrl-C stops everything.\n",
		password, strings.Join(customers, ", "), strings.Join(employees, ", "))
}

// serve serves both portals until ctx ends.
func (p *portals) serve(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var running sync.WaitGroup
	for _, each := range p.all {
		running.Go(func() {
			if err := web.Serve(ctx, each.listener, each.handler()); err != nil {
				stop(fmt.Errorf("%s: %w", each.site.Name, err))
			}
		})
	}
	running.Go(func() { work(ctx, p.company, p.config.night, p.log) })
	running.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// close ends all sessions and stops the company.
func (p *portals) close() error {
	for _, each := range p.all {
		each.signin.Close()
		each.logouts.Close()
	}
	for _, l := range p.listeners {
		_ = l.Close() // again, after a portal has served it
	}
	if p.company == nil {
		return nil
	}
	return p.company.Close()
}
