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
	"github.com/grpcaud/grpcaud/examples/internal/company"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
)

// play makes the calls of each scene, with the verdict that is expected of each. The
// expectations are written here by hand, so that a wrong engine or a loosened matrix
// is noticed.
func (d *demo) play(ctx context.Context, to *recorder) {
	for _, scene := range []struct {
		title string
		play  func(context.Context, *recorder)
	}{
		{"1. The matrix: three clients call every method, with a token for the service (~ is a stream)", d.playMatrix},
		{"2. The customer portal's token is replayed at the human-resource API", d.playReplay},
		{"3. An employee's call, with a token exchange at each hop", d.playEmployee},
		{"4. Wrong tokens at the human-resource API, on a unary call and on a stream", d.playWrongTokens},
		{"5. The authorization server stops, returns, and rotates its keys under load", d.playOutage},
	} {
		if ctx.Err() != nil {
			return
		}
		to.scene(scene.title)
		scene.play(ctx, to)
	}
}

// matrixVerdicts are the clients of the first scene, with the verdict on each method.
var matrixVerdicts = []struct {
	id   string
	want []verdict
}{
	{company.CustomerPortal, []verdict{admitted, admitted, admitted, notAllowed, notObtained, notObtained, notObtained}},
	{company.BackofficePortal, []verdict{admitted, admitted, admitted, admitted, admitted, admitted, admitted}},
	{company.OrderStatus, []verdict{notObtained, notObtained, notObtained, notObtained, admitted, notAllowed, notAllowed}},
}

func (d *demo) playMatrix(ctx context.Context, to *recorder) {
	for _, client := range matrixVerdicts {
		for i, m := range methods {
			to.row(d.callGRPC(ctx, client.id, m, client.want[i]))
		}
	}
}

// callGRPC dials by options, whose mistakes fail each call: so a service that a client may
// not call has its rows too. Dial would refuse it at once.
func (d *demo) callGRPC(ctx context.Context, client string, m method, want verdict) row {
	conn, err := d.Dial(d.server(m.service).Server, d.Client(client).DialOptions(m.service)...)
	if err != nil {
		return row{Client: client, Service: m.service, Method: m.name, Stream: m.stream, note: "dialling", extra: err}
	}
	return attempt{client: client, method: m, server: d.server(m.service), conn: conn, want: want}.do(ctx)
}

func (d *demo) playReplay(ctx context.Context, to *recorder) {
	token, err := d.stolen(ctx)
	for _, m := range []method{getOrderStatus, getEmployee, listEmployees, reviewEmployees} {
		a := attempt{client: company.CustomerPortal, tokens: holding(token), method: m, server: d.server(m.service)}
		if m.service == company.OrderStatus {
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
func (d *demo) stolen(ctx context.Context) (string, error) {
	conn, err := d.AsItself(company.CustomerPortal, d.Orders)
	if err != nil {
		return "", err
	}
	err = getOrderStatus.call(ctx, conn)
	return d.orders.tap.take(), err
}

// playEmployee follows one person's token. She logged in at the back-office portal, so
// her token is addressed to the portal; at each hop it is exchanged for one that is
// addressed to the next service and names everybody on the way.
func (d *demo) playEmployee(ctx context.Context, to *recorder) {
	login := d.Issuer.User(company.BackofficePortal, "alice", company.BackofficePortal)
	portal, err := tokensource.New(d.Issuer.URL(), tokensource.ClientCredentials(company.BackofficePortal, d.Issuer.Secrets["BACKOFFICE_PORTAL_SECRET"]), tokensource.Transport(d.Transport()))
	if err != nil {
		to.row(row{Client: company.BackofficePortal, point: "start", extra: err})
		return
	}
	defer portal.Close()
	exchanged := tokensource.Func(func(ctx context.Context, r tokensource.Request) (tokensource.Token, error) {
		r.Subject, r.SubjectIssuer = tokensource.NewToken(login, time.Time{}), d.Issuer.URL()
		return portal.Token(ctx, r)
	})
	var response *ordersv1.GetOrderStatusResponse
	ask := getOrderStatus
	ask.call = func(ctx context.Context, conn *grpc.ClientConn, opts ...grpc.CallOption) (err error) {
		response, err = ordersv1.NewOrderStatusClient(conn).GetOrderStatus(ctx, &ordersv1.GetOrderStatusRequest{OrderId: "o-1"}, opts...)
		return err
	}
	r := attempt{
		client: company.BackofficePortal, tokens: exchanged, method: ask, server: d.orders, want: admitted,
		note: "for alice", point: "order-status, for alice", why: "her login token, exchanged for this service",
	}.do(ctx)
	if chain := []string{company.OrderStatus, company.BackofficePortal, "alice"}; !slices.Equal(response.GetCallers(), chain) {
		r.extra = fmt.Errorf("callers at the end are %q, want %q", response.GetCallers(), chain)
	}
	callers := slices.Clone(response.GetCallers())
	slices.Reverse(callers)
	to.row(r)
	to.row(d.nextHop(r, strings.Join(callers, " -> ")))
	to.row(attempt{
		client: company.BackofficePortal, tokens: holding(login), method: getOrderStatus, server: d.orders, want: refused(audience.ReasonAudienceMismatch),
		note: "her login's token, not exchanged", point: "her login token, as it is", why: "it is addressed to the portal",
	}.do(ctx))
	to.remark("Who asked the human-resource API for the clerk (%s): %s", response.GetClerk(), strings.Join(callers, " -> "))
}

// nextHop is the call that order-status made while it served first, as its token and
// the result of first tell it.
func (d *demo) nextHop(first row, callers string) row {
	r := row{
		Client: company.OrderStatus, Service: getEmployee.service, Method: getEmployee.name,
		Admitted: first.Admitted, Code: first.Code, Reason: first.Reason, took: first.took, want: admitted,
		note: "for alice, within the call above", point: "human-resource, for alice", why: callers,
	}
	r.Audience, r.Party = audienceOf(d.people.tap.take())
	if !slices.Equal(r.Audience, []string{company.HumanResource}) || r.Party != company.OrderStatus {
		r.extra = fmt.Errorf("its token is for %q and of %q", r.Audience, r.Party)
	}
	return r
}

func (d *demo) playWrongTokens(ctx context.Context, to *recorder) {
	claims := func(changes testutil.Claims) testutil.Claims {
		all := testutil.Claims{"sub": company.BackofficePortal, "aud": company.HumanResource, "azp": company.BackofficePortal, "typ": "Bearer"}
		maps.Copy(all, changes)
		return all
	}
	both := []string{company.OrderStatus, company.HumanResource}
	elsewhere := testutil.NewIssuer("https://login.elsewhere.example")
	for _, t := range []struct {
		what, token string
		want        verdict
		why         string
	}{
		{"two audiences, with azp", d.Issuer.Mint(claims(testutil.Claims{"aud": both})), admitted, "azp names the client that it was issued to"},
		{"two audiences, no azp", d.Issuer.Mint(claims(testutil.Claims{"aud": both, "azp": nil})), refused(audience.ReasonClientNotAllowed), "it does not say which client presents it"},
		{"no aud", d.Issuer.Mint(claims(testutil.Claims{"aud": nil})), refused(audience.ReasonAudienceMismatch), "it is addressed to no service"},
		{"aud almost right", d.Issuer.Mint(claims(testutil.Claims{"aud": "Human-Resource"})), refused(audience.ReasonAudienceMismatch), `"Human-Resource" is not "human-resource"`},
		{"expired", d.Issuer.Mint(claims(testutil.Claims{"exp": time.Now().Add(-time.Minute).Unix()})), refused(audience.ReasonTokenExpired), "a minute ago; 30 seconds are tolerated"},
		{"of another issuer", elsewhere.Mint(claims(nil)), refused(audience.ReasonTokenInvalid), "access.yaml does not name that issuer"},
		{"signed with a stranger's key", d.Issuer.Mint(claims(nil), testutil.SignedBy(testutil.NewKey("ES256"))), refused(audience.ReasonTokenInvalid), "the issuer has not published that key"},
		{"not a token", "b7c9d2", refused(audience.ReasonTokenInvalid), "it cannot be read"},
	} {
		for _, m := range []method{getEmployee, listEmployees} {
			to.row(attempt{client: company.BackofficePortal, tokens: holding(t.token), method: m, server: d.people, note: t.what, point: t.what, why: t.why, want: t.want}.do(ctx))
		}
	}
}
