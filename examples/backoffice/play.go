package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
)

// play makes the calls of each scene, with the verdict that is expected of each. The
// expectations are written here by hand, so that a wrong engine or a loosened matrix
// is noticed.
func (c *company) play(ctx context.Context, to *recorder) {
	for _, scene := range []struct {
		title string
		play  func(context.Context, *recorder)
	}{
		{"1. The matrix: every client calls every method, with a token for the service (~ is a stream)", c.playMatrix},
		{"2. The customer portal's token is replayed at the human-resource API", c.playReplay},
		{"3. An employee's call, with a token exchange at each hop", c.playEmployee},
		{"4. Wrong tokens at the human-resource API, on a unary call and on a stream", c.playWrongTokens},
		{"5. The authorization server stops, returns, and rotates its keys under load", c.playOutage},
	} {
		if ctx.Err() != nil {
			return
		}
		to.scene(scene.title)
		scene.play(ctx, to)
	}
}

// playMatrix dials by options, whose mistakes fail each call: so a service that a
// client may not call has its rows too. Dial would refuse it at once.
func (c *company) playMatrix(ctx context.Context, to *recorder) {
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
				to.row(row{Client: client.id, Service: m.service, Method: m.name, Stream: m.stream, note: "dialling", extra: err})
				continue
			}
			to.row(attempt{client: client.id, method: m, server: c.server(m.service), conn: conn, want: client.want[i]}.do(ctx))
		}
	}
}

func (c *company) playReplay(ctx context.Context, to *recorder) {
	token, err := c.stolen(ctx)
	for _, m := range []method{getOrderStatus, getEmployee, listEmployees, reviewEmployees} {
		a := attempt{client: customerPortal, tokens: holding(token), method: m, server: c.server(m.service)}
		if m.service == orderStatus {
			a.point, a.why, a.want = "at order-status", "it is addressed to this service", admitted
		} else {
			a.point, a.why, a.want = "at human-resource, 3 methods", "genuine, but addressed to order-status", refused(audience.ReasonAudienceMismatch)
		}
		r := a.do(ctx)
		r.extra = err
		to.row(r)
	}
	to.remark("The same token, the same issuer, the same signature: it is addressed to order-status and to no other service.")
}

// stolen returns the token of a call that the customer portal has made.
func (c *company) stolen(ctx context.Context) (string, error) {
	conn, err := c.keep(c.clients[customerPortal].Dial(c.orders.addr, orderStatus, c.tlsCreds()))
	if err != nil {
		return "", err
	}
	err = getOrderStatus.call(ctx, conn)
	return c.orders.tap.take(), err
}

// playEmployee follows one person's token. She logged in at the back-office portal, so
// her token is addressed to the portal; at each hop it is exchanged for one that is
// addressed to the next service and names everybody on the way.
func (c *company) playEmployee(ctx context.Context, to *recorder) {
	login := c.issuer.User(backofficePortal, "alice", backofficePortal)
	portal, err := tokensource.New(c.issuer.URL(), tokensource.ClientCredentials(backofficePortal, c.secrets["BACKOFFICE_PORTAL_SECRET"]), tokensource.Transport(c.network))
	if err != nil {
		to.row(row{Client: backofficePortal, point: "start", extra: err})
		return
	}
	defer portal.Close()
	exchanged := tokensource.Func(func(ctx context.Context, r tokensource.Request) (tokensource.Token, error) {
		r.Subject, r.SubjectIssuer = tokensource.NewToken(login, time.Time{}), c.issuer.URL()
		return portal.Token(ctx, r)
	})
	var response *ordersv1.GetOrderStatusResponse
	ask := getOrderStatus
	ask.call = func(ctx context.Context, conn *grpc.ClientConn, opts ...grpc.CallOption) (err error) {
		response, err = ordersv1.NewOrderStatusClient(conn).GetOrderStatus(ctx, &ordersv1.GetOrderStatusRequest{OrderId: "o-1"}, opts...)
		return err
	}
	r := attempt{
		client: backofficePortal, tokens: exchanged, method: ask, server: c.orders, want: admitted,
		note: "for alice", point: "order-status, for alice", why: "her login token, exchanged for this service",
	}.do(ctx)
	if chain := []string{orderStatus, backofficePortal, "alice"}; !slices.Equal(response.GetCallers(), chain) {
		r.extra = fmt.Errorf("callers at the end are %q, want %q", response.GetCallers(), chain)
	}
	callers := slices.Clone(response.GetCallers())
	slices.Reverse(callers)
	to.row(r)
	to.row(c.nextHop(r, strings.Join(callers, " -> ")))
	to.row(attempt{
		client: backofficePortal, tokens: holding(login), method: getOrderStatus, server: c.orders, want: refused(audience.ReasonAudienceMismatch),
		note: "her login's token, not exchanged", point: "her login token, as it is", why: "it is addressed to the portal",
	}.do(ctx))
	to.remark("Who asked the human-resource API for the clerk (%s): %s", response.GetClerk(), strings.Join(callers, " -> "))
}

// nextHop is the call that order-status made while it served first, as its token and
// the result of first tell it.
func (c *company) nextHop(first row, callers string) row {
	r := row{
		Client: orderStatus, Service: getEmployee.service, Method: getEmployee.name,
		Admitted: first.Admitted, Code: first.Code, Reason: first.Reason, took: first.took, want: admitted,
		note: "for alice, within the call above", point: "human-resource, for alice", why: callers,
	}
	r.Audience, r.Party = audienceOf(c.people.tap.take())
	if !slices.Equal(r.Audience, []string{humanResource}) || r.Party != orderStatus {
		r.extra = fmt.Errorf("its token is for %q and of %q", r.Audience, r.Party)
	}
	return r
}

func (c *company) playWrongTokens(ctx context.Context, to *recorder) {
	claims := func(changes testutil.Claims) testutil.Claims {
		all := testutil.Claims{"sub": backofficePortal, "aud": humanResource, "azp": backofficePortal, "typ": "Bearer"}
		maps.Copy(all, changes)
		return all
	}
	both := []string{orderStatus, humanResource}
	elsewhere := testutil.NewIssuer("https://login.elsewhere.example")
	for _, t := range []struct {
		what, token string
		want        verdict
		why         string
	}{
		{"two audiences, with azp", c.issuer.Mint(claims(testutil.Claims{"aud": both})), admitted, "azp names the client that it was issued to"},
		{"two audiences, no azp", c.issuer.Mint(claims(testutil.Claims{"aud": both, "azp": nil})), refused(audience.ReasonClientNotAllowed), "it does not say which client presents it"},
		{"no aud", c.issuer.Mint(claims(testutil.Claims{"aud": nil})), refused(audience.ReasonAudienceMismatch), "it is addressed to no service"},
		{"aud almost right", c.issuer.Mint(claims(testutil.Claims{"aud": "Human-Resource"})), refused(audience.ReasonAudienceMismatch), `"Human-Resource" is not "human-resource"`},
		{"expired", c.issuer.Mint(claims(testutil.Claims{"exp": time.Now().Add(-time.Minute).Unix()})), refused(audience.ReasonTokenExpired), "a minute ago; 30 seconds are tolerated"},
		{"of another issuer", elsewhere.Mint(claims(nil)), refused(audience.ReasonTokenInvalid), "access.yaml does not name that issuer"},
		{"signed with a stranger's key", c.issuer.Mint(claims(nil), testutil.SignedBy(testutil.NewKey("ES256"))), refused(audience.ReasonTokenInvalid), "the issuer has not published that key"},
		{"not a token", "b7c9d2", refused(audience.ReasonTokenInvalid), "it cannot be read"},
	} {
		for _, m := range []method{getEmployee, listEmployees} {
			to.row(attempt{client: backofficePortal, tokens: holding(t.token), method: m, server: c.people, note: t.what, point: t.what, why: t.why, want: t.want}.do(ctx))
		}
	}
}
