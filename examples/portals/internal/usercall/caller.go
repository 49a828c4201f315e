package usercall

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"golang.org/x/oauth2"

	"github.com/grpcaud/grpcaud/examples/portals/internal/signin"
	"github.com/grpcaud/grpcaud/examples/portals/internal/web"
	"github.com/grpcaud/grpcaud/interceptor"
)

// callTimeout is how long a page waits for a service.
const callTimeout = 5 * time.Second

// Caller calls services for the users of one portal.
type Caller struct {
	Client *interceptor.Client // the portal in the access matrix
	Issuer string              // the name in the access matrix of the issuer that signs users in
	Site   *web.Site
	Log    *slog.Logger // for the operator of the portal
}

// Context returns the context of a session's calls: it is for [signin.Config].
func (c *Caller) Context(ctx context.Context, tokens oauth2.TokenSource) (context.Context, error) {
	return c.Client.ForUser(ctx, c.Issuer, tokens)
}

// Do makes one call for the user of a session, within five seconds.
func Do[T any](r *http.Request, s *signin.Session, call func(context.Context) (T, error)) (T, error) {
	ctx, cancel := s.Calls(r.Context())
	defer cancel()
	ctx, stop := context.WithTimeout(ctx, callTimeout)
	defer stop()
	return call(ctx)
}

// Fail shows what a failed call means for the user. The log has the error itself.
func (c *Caller) Fail(w http.ResponseWriter, r *http.Request, s *signin.Session, err error) {
	problem := c.Problem(s, err)
	page := s.Page()
	if s.Context().Err() != nil {
		page = web.Page{}
		if r.Method == http.MethodGet {
			problem.Next.To = signin.Link(r.URL.RequestURI())
		}
	}
	c.Site.ShowProblem(w, r, page, problem)
}
