package signin

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/oauth2"

	"github.com/grpcaud/grpcaud/examples/portals/internal/web"
)

// again is the link of most problems.
var again = web.Link{Text: "Sign in", To: "/signin"}

var (
	problemSignIn = web.Problem{Status: http.StatusUnauthorized, Title: "Sign in to see this page", Text: "You return to it after the sign-in.", Next: again}
	problemEnded  = web.Problem{Status: http.StatusUnauthorized, Title: "Your session has ended", Text: "You signed out, or did nothing for a while. Sign in again to go on.", Next: again}

	problemSignedOut = web.Problem{Status: http.StatusOK, Title: "You are signed out", Text: "The identity provider has ended your login, and tells the other portals.", Next: again}

	problemHereOnly = web.Problem{
		Status: http.StatusOK, Title: "You are signed out of this portal", Next: again,
		Text: "The identity provider could not be told. Close the browser to end your sessions at other portals.",
	}

	problemReturnTo = web.Problem{
		Status: http.StatusBadRequest, Title: "This link leads away from the portal", Next: again,
		Text: "After a sign-in you return to a page of this portal and to no other place. Sign in, and find the page from the start.",
	}
	problemAnswer = web.Problem{
		Status: http.StatusBadRequest, Title: "This is no answer of the sign-in page", Next: again,
		Text: "The address is incomplete, or another provider wrote it. Nobody was signed in. Sign in again.",
	}
	problemState = web.Problem{
		Status: http.StatusBadRequest, Title: "This sign-in cannot be finished here", Next: again,
		Text: "It began in another browser or tab, is older than ten minutes, or is finished. Nobody was signed in. Sign in again; if that ends here each time, let your browser accept the cookies of this portal.",
	}
	problemCode = web.Problem{
		Status: http.StatusBadRequest, Title: "This sign-in was used before, or is too old", Next: again,
		Text: "Nobody was signed in. Sign in again.",
	}
	problemIDToken = web.Problem{
		Status: http.StatusBadRequest, Title: "The answer belongs to another sign-in", Next: again,
		Text: "Nobody was signed in. Sign in again. If it happens twice, tell the operator of the portal.",
	}
	problemDeclined = web.Problem{
		Status: http.StatusForbidden, Title: "You are not signed in", Next: again,
		Text: "The sign-in was cancelled, or your account may not use this portal.",
	}
	problemSetUp = web.Problem{
		Status: http.StatusInternalServerError, Title: "The portal is set up wrongly",
		Text: "Signing in again will not help. Tell the operator of the portal: its log says what to change.",
	}
	problemForm = web.Problem{
		Status: http.StatusForbidden, Title: "This form is out of date",
		Text: "Nothing was changed. The form was opened before you signed in, or another site sent it. Open the page again, and send the form from there.",
		Next: web.Link{Text: "To the start", To: "/"},
	}
)

// outage says that the provider does not answer.
func outage(retry string) web.Problem {
	return web.Problem{
		Status: http.StatusServiceUnavailable, Title: "The sign-in page does not answer", Retry: true,
		Text: "Nobody can sign in at the moment. Wait a few seconds, and try again.",
		Next: web.Link{Text: "Try again", To: retry},
	}
}

// providerFault is the page for an error that the provider sent with the browser (RFC 6749,
// section 4.1.2.1, and OpenID Connect Core, section 3.1.2.6). Its description is for the
// operator: anybody can write one into a link.
func providerFault(code, to string) web.Problem {
	switch code {
	case "access_denied", "consent_required", "interaction_required", "login_required", "account_selection_required":
		return problemDeclined
	case "temporarily_unavailable", "server_error":
		return outage(Link(to))
	default:
		return problemSetUp
	}
}

// redeemProblem tells apart who can mend a code that was not exchanged: the user, who signs in
// again; the operator; or time.
func redeemProblem(err error, to string) web.Problem {
	refused, ok := errors.AsType[*oauth2.RetrieveError](err)
	switch {
	case ok && refused.ErrorCode == "invalid_grant":
		return problemCode
	case ok:
		return problemSetUp
	case isOutage(err):
		return outage(Link(to))
	default:
		return problemIDToken
	}
}

// findProblem is the page for a provider whose metadata cannot be read.
func findProblem(err error, to string) web.Problem {
	if isOutage(err) {
		return outage(Link(to))
	}
	return problemSetUp
}

// isOutage reports whether the provider could not be asked. go-oidc returns the text alone of a
// key set that could not be fetched.
func isOutage(err error) bool {
	_, network := errors.AsType[*url.Error](err)
	return network || errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "fetching keys")
}

// maxWhy is how many bytes of a reason are logged.
const maxWhy = 512

// refuse shows a problem, and tells the operator why. The reason may hold what a stranger
// wrote: it is cut, and the log quotes it.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, p web.Problem, why error) {
	text := why.Error()
	h.config.Log.Warn("sign-in", slog.String("page", p.Title), slog.String("why", strings.ToValidUTF8(text[:min(len(text), maxWhy)], "?")))
	var page web.Page
	if s := h.Session(r); s != nil {
		page = s.Page()
		if p.Next == again {
			p.Next = web.Link{Text: "Go on as " + web.Plain(s.User.Name), To: "/"}
		}
	}
	h.site.ShowProblem(w, r, page, p)
}
