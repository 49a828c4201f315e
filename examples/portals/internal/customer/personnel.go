package customer

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"golang.org/x/oauth2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/examples/portals/internal/operatorlog"
	"github.com/grpcaud/grpcaud/examples/portals/internal/signin"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
)

// attempt is how a call to human-resource ended: as the caller was told, and as its operator
// reads it.
type attempt struct {
	Admitted []string // the employees that were read; none unless something is wrong
	Code     string
	Message  string
	Reason   string
	Decision operatorlog.Decision
	Logged   bool // there is a decision
}

// personnel does what an attacker would do who holds the token of a customer: it presents the
// token, which is for order-status, to human-resource.
func (p *portal) personnel(w http.ResponseWriter, r *http.Request, s *signin.Session) {
	token, err := s.Tokens.Token()
	if err != nil {
		p.services.Caller.Fail(w, r, s, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	p.signin.Show(w, r, s, "personnel.html", "Personnel files", p.readPersonnel(ctx, token))
}

func (p *portal) readPersonnel(ctx context.Context, token *oauth2.Token) attempt {
	names, err := listEmployees(ctx, hrv1.NewHumanResourceClient(p.services.People), stolen{token.AccessToken})
	a := attempt{Admitted: names, Code: status.Code(err).String(), Message: status.Convert(err).Message()}
	if refused, ok := errors.AsType[*interceptor.RefusedError](err); ok {
		a.Reason = string(refused.Reason)
		a.Decision, a.Logged = p.services.Decisions.Decision(refused.RequestID)
	}
	return a
}

func listEmployees(ctx context.Context, people hrv1.HumanResourceClient, token stolen) (names []string, err error) {
	stream, err := people.ListEmployees(ctx, &hrv1.ListEmployeesRequest{}, grpc.PerRPCCredentials(token))
	if err != nil {
		return nil, err
	}
	for {
		reply, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return names, nil
		}
		if err != nil {
			return names, err
		}
		names = append(names, reply.GetEmployee().GetName())
	}
}

// stolen presents a token to a service that it is not for. The credentials of this module
// would not.
type stolen struct{ token string }

// GetRequestMetadata implements [credentials.PerRPCCredentials].
func (s stolen) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + s.token}, nil
}

// RequireTransportSecurity implements [credentials.PerRPCCredentials].
func (stolen) RequireTransportSecurity() bool { return true }
