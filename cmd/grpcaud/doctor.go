package main

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/cli"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/doctor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/explain"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/tokenrequest"
)

// doctorOptions are the flags of the command doctor.
type doctorOptions struct {
	doctor.Options
	user        tokenrequest.SubjectFlags
	live        liveOptions
	descriptors string
}

const doctorHelp = `Doctor compares what the issuers give with what the matrix says. As each client whose
credentials can be read here, it requests a token for each service and each API of
others, judges it as the server of the service would, and reports

  ok            the client gets a token, and is admitted wherever the matrix says so
  no token      the client may call, but the issuer gives it no token
  no audience   the issuer gives it a token that is not for the service
  refused       it gets a token that the service refuses
  broad         other services of the matrix accept its token too, so that the service
                can use it there
  wider         the matrix does not let the client call, but the issuer gives it a
                token; the service refuses that, but the client does not need it
  unknown       the issuer could not be asked
  skipped       no token was requested: the credentials cannot be read, or only users
                may call

with a fix for this kind of issuer. A client that gets no token for a service that it
may not call is as it should be, and is only counted.

With --user-token-file it also follows the token of a user: each client that the token
is for exchanges it for each service that it may call for users, and each of these
services exchanges the new token in turn. If the provider exchanges no tokens, or none
for a client, doctor says so once.

Each request is one that a client may make at any time; nothing is changed. Tokens
are neither shown nor stored.

The matrix must be trusted: doctor reads the files and the environment variables
that it names as credentials, and shows them to the issuers that it names. Whoever
may change the first file can have it send any secret of this machine anywhere. A
file that it includes cannot: see docs/files.md. So do not run doctor, token or call
on a change that nobody has reviewed; check shows no secret to anybody.

The exit status is 0 if all is well, 1 if there is something to fix, and 2 if there
is not, but something could not be found out.`

const doctorExamples = `  grpcaud doctor access.yaml
  grpcaud doctor access.yaml --client backoffice-portal -o markdown
  grpcaud doctor access.yaml --user-token-file alice.token
  grpcaud doctor access.yaml --live order-status=orders.example.com:443 --live-method GetOrderStatus`

func doctorCommand() *cobra.Command {
	var e doctorOptions
	cmd := &cobra.Command{
		Use:   "doctor access.yaml",
		Short: "Compare what the issuers give with what the matrix says",
		Long:  doctorHelp + doctorLiveHelp, Example: doctorExamples,
		Args:              cli.Arguments(1, 1),
		ValidArgsFunction: cli.MatrixFiles(1),
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&e.Clients, "client", nil, "examine these clients only")
	flags.StringSliceVar(&e.Services, "service", nil, "examine these services only")
	flags.StringVar(&e.descriptors, "descriptors", "", descriptor.Usage)
	flags.DurationVar(&e.Timeout, "timeout", 15*time.Second, "the time limit for each token and its verdict")
	e.user.Flags(cmd, "user-token-file", "the file with a user's token, to examine calls on behalf of users")
	e.live.flags(cmd)
	cli.IssuerCAFlag(cmd, &e.IssuerCA)
	cli.Complete(cmd, "client", cli.FromMatrix(files.ClientNames))
	cli.Complete(cmd, "service", cli.FromMatrix(files.ServiceNames))
	format := cli.OutputFlag(cmd, "table", "markdown", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		answer, err := e.examine(cmd, args[0])
		return output.WriteAnswer(cmd.OutOrStdout(), format.Value, answer, err)
	}
	return cmd
}

// examine examines the matrix at path.
func (e *doctorOptions) examine(cmd *cobra.Command, path string) (output.Answer, error) {
	if err := e.live.check(cmd); err != nil {
		return nil, err
	}
	policy, _, err := files.Load(cmd, path, e.descriptors)
	if err != nil {
		return nil, err
	}
	if err := e.narrow(policy.Matrix()); err != nil {
		return nil, err
	}
	if e.live.server != "" {
		return e.live.examine(cmd, policy, e.Options)
	}
	if e.Subject, err = e.user.Read(cmd, policy.Matrix()); err != nil {
		return nil, err
	}
	if explain.Decode(e.Subject.Token.Reveal()).Expired(time.Now()) {
		return nil, errors.New("--user-token-file: the token has expired: have the user log in again")
	}
	examiner, err := doctor.New(policy, e.Options)
	if err != nil {
		return nil, err
	}
	defer examiner.Close()
	return examiner.Examine(cmd.Context()), nil
}

// narrow checks the names of clients and services; without any, all are examined.
func (e *doctorOptions) narrow(m access.Matrix) error {
	var errs []error
	for _, name := range e.Clients {
		errs = append(errs, files.CheckName("client", name, maps.Keys(m.Clients)))
	}
	for _, name := range e.Services {
		errs = append(errs, files.CheckService(m, name, slices.Values(files.ServiceNames(m))))
	}
	if e.Clients == nil {
		e.Clients = files.ClientNames(m)
	}
	if e.Services == nil {
		e.Services = files.ServiceNames(m)
	}
	return errors.Join(errs...)
}
