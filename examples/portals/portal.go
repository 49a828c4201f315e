package main

import (
	"log/slog"
	"net"
	"net/http"
	"os"

	"golang.org/x/oauth2"

	"github.com/grpcaud/grpcaud/examples/internal/company"
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
	pages    *http.ServeMux
}

// newPortal returns a portal without its own pages, whose users' tokens are got with this login.
func newPortal(c *company.Company, client string, l net.Listener, site *web.Site, scopes []string, parameters []oauth2.AuthCodeOption, log *slog.Logger) (*portal, error) {
	m := c.Policy().Matrix()
	registered := m.Clients[client]
	p := &portal{client: client, listener: l, site: site, pages: http.NewServeMux()}
	p.caller = &usercall.Caller{Client: c.Client(client), Issuer: registered.Issuer, Site: site, Log: log}
	var err error
	p.signin, err = signin.New(site, signin.Config{
		Issuer: m.Issuers[registered.Issuer].URL, ClientID: registered.ID, Secret: os.Getenv(registered.Secret.Env),
		Scopes: scopes, Parameters: parameters, Network: c.Transport(), Calls: p.caller.Context, Log: log,
	})
	if err != nil {
		return nil, err
	}
	p.signin.Register(p.pages)
	p.pages.Handle("GET /assets/", web.Assets())
	p.pages.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		var page web.Page
		if s := p.signin.Session(r); s != nil {
			page = s.Page()
		}
		site.ShowProblem(w, r, page, web.Problem{
			Status: http.StatusNotFound, Title: "There is no such page", Text: "Check the address, or begin at the start.",
			Next: web.Link{Text: "To the start", To: "/"},
		})
	})
	return p, nil
}

// handler serves the portal.
func (p *portal) handler() http.Handler {
	return p.site.Guard(p.pages, p.signin.Forms)
}
