package usercall

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"

	"golang.org/x/oauth2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/examples/portals/internal/signin"
	"github.com/grpcaud/grpcaud/examples/portals/internal/web"
)

var home = web.Link{Text: "To the start", To: "/"}

// Problem is the page for a call that failed. It tells apart what the user can mend, by signing
// in again; what the operator has to mend; and what is over soon. A session whose tokens have
// ended ends here. The log has the error.
func (c *Caller) Problem(s *signin.Session, err error) web.Problem {
	if s.Context().Err() != nil {
		return ended(context.Cause(s.Context()))
	}
	c.Log.Warn("a call for a user failed", slog.String("user", s.User.Subject), slog.Any("error", err))
	if c.loginRequired(err) {
		s.End(signin.ErrNoToken)
		return ended(signin.ErrNoToken)
	}
	switch codeOf(err) {
	case codes.PermissionDenied:
		return web.Problem{
			Status: http.StatusForbidden, Title: "Your account may not do this",
			Text: "If your work needs it, ask the operator of the portal. If you have another account, sign out, and sign in with that.",
		}
	case codes.NotFound:
		return web.Problem{Status: http.StatusNotFound, Title: "There is no such order", Text: "It does not exist, or it is not yours.", Next: home}
	case codes.InvalidArgument:
		return web.Problem{Status: http.StatusBadRequest, Title: "This cannot be done", Text: "Nothing was changed. Go back, and choose another value.", Next: home}
	case codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted, codes.Canceled:
		return web.Problem{
			Status: http.StatusServiceUnavailable, Title: "A service does not answer", Retry: true, Next: home,
			Text: "You are still signed in. Wait a few seconds, and load the page again.",
		}
	default:
		return web.Problem{
			Status: http.StatusInternalServerError, Title: "The portal is set up wrongly", Next: home,
			Text: "Signing in again will not help. Tell the operator of the portal: its log says what to change.",
		}
	}
}

// ended says that a session has ended, and why.
func ended(why error) web.Problem {
	return web.Problem{
		Status: http.StatusUnauthorized, Title: "Your sign-in has ended", Text: why.Error(),
		Next: web.Link{Text: "Sign in", To: "/signin"},
	}
}

// loginRequired reports whether the user can mend an error by signing in again. The portal's own
// request for a token (x/oauth2) has errors of its own.
func (c *Caller) loginRequired(err error) bool {
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return refused.ErrorCode == "invalid_grant"
	}
	return c.Client.LoginRequired(err)
}

// codeOf returns the code of a call, or of a request for a token.
func codeOf(err error) codes.Code {
	if _, network := errors.AsType[*url.Error](err); network {
		return codes.Unavailable
	}
	return status.Code(err)
}
