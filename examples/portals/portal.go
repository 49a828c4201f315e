package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"os"

	"golang.org/x/oauth2"

	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/logout"
	"github.com/grpcaud/grpcaud/examples/portals/internal/signin"
	"github.com/grpcaud/grpcaud/examples/portals/internal/usercall"
	"github.com/grpcaud/grpcaud/examples/portals/internal/web"
)

// portal is one of the two web applications.
type portal struct {
	client   string // its name in the access matrix
	listener net.Listener
	site     *web.Site
	caller   *usercall.Caller
	signin   *signin.Handler
	logouts  *logout.Receiver // of the issuer
	pages    *http.ServeMux
}

// logoutPath is where the issuer tells a portal that a login has ended.
const logoutPath = "/backchannel-logout"

// newPortal returns a portal without its own pages, whose users' tokens are got with this login.
func (p *portals) newPortal(client string, l net.Listener, site *web.Site, scopes []string, parameters []oauth2.AuthCodeOption) (*portal, error) {
	c, log := p.company, p.log.With(slog.String("portal", client))
	m := c.Policy().Matrix()
	registered := m.Clients[client]
	added := &portal{client: client, listener: l, site: site, pages: http.NewServeMux()}
	added.caller = &usercall.Caller{Client: c.Client(client), Issuer: registered.Issuer, Site: site, Log: log}
	var err error
	added.signin, err = signin.New(site, signin.Config{
		Issuer: m.Issuers[registered.Issuer].URL, ClientID: registered.ID, Secret: os.Getenv(registered.Secret.Env),
		Scopes: scopes, Parameters: parameters, Network: c.Transport(), Calls: added.caller.Context, Log: log,
	})
	if err != nil {
		return nil, err
	}
	added.logouts, err = logout.NewReceiver(c.Policy(), client, logout.RevokeIn(p.revoked), logout.OnLogout(added.end),
		logout.Transport(c.Transport()), logout.Logger(log))
	if err != nil {
		return nil, err
	}
	added.signin.Register(added.pages)
	added.pages.Handle("GET /assets/", web.Assets())
	added.pages.HandleFunc("/", added.unknownPage)
	p.all = append(p.all, added)
	return added, nil
}

// end ends the sessions of a login that has ended at the issuer.
func (p *portal) end(_ context.Context, ended *claims.Logout) error {
	if ended.Session != "" {
		p.signin.EndLogin(ended.Session)
		return nil
	}
	p.signin.EndUser(ended.Subject, ended.IssuedAt)
	return nil
}

func (p *portal) unknownPage(w http.ResponseWriter, r *http.Request) {
	var page web.Page
	if s := p.signin.Session(r); s != nil {
		page = s.Page()
	}
	p.site.ShowProblem(w, r, page, web.Problem{
		Status: http.StatusNotFound, Title: "There is no such page", Text: "Check the address, or go to the start page.",
		Next: web.Link{Text: "To the start", To: "/"},
	})
}

// handler serves the portal. The issuer, which is no browser, may use another name of this
// machine than browsers do; it proves itself by its logout token.
func (p *portal) handler() http.Handler {
	all := http.NewServeMux()
	all.Handle(logoutPath, p.logouts)
	all.Handle("/", p.site.Guard(p.pages, p.signin.Forms))
	return all
}
