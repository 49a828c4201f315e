package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
)

// play shows the scenes, each call with the verdict that is expected of it.
// The expectations are written here by hand, so that a wrong engine or a
// loosened matrix is seen.
func (c *company) play(ctx context.Context, p *printer) {
	for _, scene := range []struct {
		title string
		play  func(context.Context, *printer)
	}{
		{"1. The matrix: every client at every method, each with a token for the service it calls", c.playMatrix},
		{"2. The customer portal's token, replayed at the human-resource API", c.playReplay},
		{"3. An employee: the back-office portal, the order status, the human resources, with an exchange at each hop", c.playEmployee},
		{"4. Tokens that are not what they should be", c.playBadTokens},
		{"5. The issuer is stopped, comes back, and rotates its keys under load", c.playOutage},
	} {
		if ctx.Err() != nil {
			return
		}
		p.scene(scene.title)
		scene.play(ctx, p)
	}
}

func (c *company) playMatrix(ctx context.Context, p *printer) {
	notAllowed := refused(audience.ReasonClientNotAllowed)
	for _, client := range []struct {
		id   string
		want []verdict // by method
	}{
		{customerPortal, []verdict{admitted, admitted, notAllowed, notObtained, notObtained, notObtained}},
		{backofficePortal, []verdict{admitted, admitted, admitted, admitted, admitted, admitted}},
		{orderStatus, []verdict{notObtained, notObtained, notObtained, admitted, notAllowed, notAllowed}},
	} {
		for i, m := range methods {
			conn, err := c.dial(c.server(m.service), c.clients[client.id].DialOptions(m.service)...)
			if err != nil {
				p.row(row{Client: client.id, note: "dialling", extra: err})
				continue
			}
			p.row(attempt{client: client.id, method: m, server: c.server(m.service), conn: conn, want: client.want[i]}.do(ctx))
		}
	}
}

func (c *company) playReplay(ctx context.Context, p *printer) {
	token, err := c.stolen(ctx)
	for _, m := range []method{getOrderStatus, getEmployee, listEmployees, reviewEmployees} {
		want := refused(audience.ReasonAudienceMismatch)
		if m.service == orderStatus {
			want = admitted
		}
		r := attempt{client: customerPortal, tokens: presenting(token), method: m, server: c.server(m.service), want: want}.do(ctx)
		r.extra = err
		p.row(r)
	}
	p.say("The same token, the same issuer, the same signature: it is meant for the order status and for nobody else.")
}

// stolen returns the token of a call that the customer portal has made.
func (c *company) stolen(ctx context.Context) (string, error) {
	conn, err := c.dial(c.orders, c.clients[customerPortal].DialOptions(orderStatus)...)
	if err != nil {
		return "", err
	}
	err = getOrderStatus.call(ctx, conn)
	return c.orders.tap.take(), err
}

// playEmployee follows one person's token. She logged in at the back-office
// portal, so her token is addressed to it; at each hop it is exchanged for one
// that is addressed to the next service and names everybody on the way.
func (c *company) playEmployee(ctx context.Context, p *printer) {
	login := c.issuer.User(backofficePortal, "alice", backofficePortal)
	portal, err := tokensource.New(c.issuer.URL(), tokensource.ClientCredentials(backofficePortal, secrets[backofficePortal]), tokensource.Transport(c.network))
	if err != nil {
		p.row(row{Client: backofficePortal, note: "start", extra: err})
		return
	}
	defer portal.Close()
	exchanged := tokensource.Func(func(ctx context.Context, r tokensource.Request) (tokensource.Token, error) {
		r.Subject, r.SubjectIssuer = tokensource.NewToken(login, time.Time{}), c.issuer.URL()
		return portal.Token(ctx, r)
	})
	var answer *ordersv1.GetOrderStatusResponse
	ask := getOrderStatus
	ask.call = func(ctx context.Context, conn *grpc.ClientConn, opts ...grpc.CallOption) (err error) {
		answer, err = ordersv1.NewOrderStatusClient(conn).GetOrderStatus(ctx, &ordersv1.GetOrderStatusRequest{OrderId: "o-1"}, opts...)
		return err
	}
	r := attempt{client: backofficePortal, tokens: exchanged, method: ask, server: c.orders, note: "for alice", want: admitted}.do(ctx)
	if chain := []string{orderStatus, backofficePortal, "alice"}; !slices.Equal(answer.GetCallers(), chain) {
		r.extra = fmt.Errorf("callers at the end are %q, want %q", answer.GetCallers(), chain)
	}
	p.row(r)
	p.row(c.onward(r))
	p.row(attempt{client: backofficePortal, tokens: presenting(login), method: getOrderStatus, server: c.orders, note: "her login's token, not exchanged", want: refused(audience.ReasonAudienceMismatch)}.do(ctx))
	callers := slices.Clone(answer.GetCallers())
	slices.Reverse(callers)
	p.say("Who asked the human-resource API for the clerk (%s): %s", answer.GetClerk(), strings.Join(callers, " -> "))
}

// onward is the call that the order status made while it served first, as its
// token and the outcome of first tell it.
func (c *company) onward(first row) row {
	r := row{Client: orderStatus, Service: getEmployee.service, Method: getEmployee.name, Admitted: first.Admitted, Code: first.Code, Reason: first.Reason, took: first.took, note: "for alice, within the call above", want: admitted}
	r.Audience, r.Party = peek(c.people.tap.take())
	if !slices.Equal(r.Audience, []string{humanResource}) || r.Party != orderStatus {
		r.extra = fmt.Errorf("its token is for %q and of %q", r.Audience, r.Party)
	}
	return r
}

func (c *company) playBadTokens(ctx context.Context, p *printer) {
	claims := func(changes testutil.Claims) testutil.Claims {
		all := testutil.Claims{"sub": backofficePortal, "aud": humanResource, "azp": backofficePortal, "typ": "Bearer"}
		for name, value := range changes {
			all[name] = value
		}
		return all
	}
	both := []string{orderStatus, humanResource}
	elsewhere := testutil.NewIssuer("https://login.elsewhere.example")
	for _, bad := range []struct {
		note  string
		token string
		want  verdict
	}{
		{"two audiences, with azp", c.issuer.Mint(claims(testutil.Claims{"aud": both})), admitted},
		{"two audiences, no azp", c.issuer.Mint(claims(testutil.Claims{"aud": both, "azp": nil})), refused(audience.ReasonClientNotAllowed)},
		{"no aud", c.issuer.Mint(claims(testutil.Claims{"aud": nil})), refused(audience.ReasonAudienceMismatch)},
		{"aud almost right", c.issuer.Mint(claims(testutil.Claims{"aud": "Human-Resource"})), refused(audience.ReasonAudienceMismatch)},
		{"expired", c.issuer.Mint(claims(testutil.Claims{"exp": time.Now().Add(-time.Minute).Unix()})), refused(audience.ReasonTokenExpired)},
		{"of another issuer", elsewhere.Mint(claims(nil)), refused(audience.ReasonTokenInvalid)},
		{"signed by a stranger's key", c.issuer.Mint(claims(nil), testutil.SignedBy(testutil.NewKey("ES256"))), refused(audience.ReasonTokenInvalid)},
		{"not a token", "b7c9d2", refused(audience.ReasonTokenInvalid)},
	} {
		for _, m := range []method{getEmployee, listEmployees} {
			p.row(attempt{client: backofficePortal, tokens: presenting(bad.token), method: m, server: c.people, note: bad.note, want: bad.want}.do(ctx))
		}
	}
}
