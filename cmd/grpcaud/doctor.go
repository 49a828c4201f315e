package main

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience"
)

// examining is what the command doctor is asked.
type examining struct {
	clients, services []string
	descriptors       string
	issuerCA          string
	timeout           time.Duration
}

const doctorHelp = `Doctor compares what the issuers give with what the matrix says. As every client
whose credentials are at hand, it asks for a token for every service and API of
others, has the service judge it by the engine of its server, and reports

  ok            the client gets a token, and is admitted wherever the matrix says so
  no token      the client may call, but the issuer gives it no token
  no audience   the issuer gives it one that is not for the service
  refused       it gets a token that the service refuses
  broad         its token is good at other services of the matrix as well, which can
                use it there
  wider         the matrix does not let the client call, but the issuer gives it a
                token; the service refuses that, but it is more than is needed
  unknown       that could not be found out: an issuer cannot be asked
  skipped       not asked: the credentials are not at hand, or calls are for users

and how to mend it at this kind of issuer. That a client gets no token for what it
may not call is as it should be, and is only counted.

Each request is one that a client may make at any time; nothing is changed. Tokens
are neither shown nor kept.

The matrix must be trusted: doctor reads the files and the environment variables
that it names as credentials, and shows them to the issuers that it names. Whoever
may change the first file can have it send any secret of this machine anywhere. A
file that it includes cannot: see docs/files.md. So do not run doctor, nor token and
call, on a change that nobody has read yet; check shows no secret to anybody.

The exit status is 0 if all is well, 1 if there is something to mend, and 2 if there
is nothing of that kind, but something could not be found out.`

const doctorExamples = `  grpcaud doctor access.yaml
  grpcaud doctor access.yaml --client backoffice-portal -o markdown`

func doctorCommand() *cobra.Command {
	var e examining
	cmd := &cobra.Command{
		Use:   "doctor access.yaml",
		Short: "Compare what the issuers give with what the matrix says",
		Long:  doctorHelp, Example: doctorExamples,
		Args:              arguments(1, 1),
		ValidArgsFunction: matrixFiles(1),
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&e.clients, "client", nil, "ask as these clients only")
	flags.StringSliceVar(&e.services, "service", nil, "ask for these services only")
	flags.StringVar(&e.descriptors, "descriptors", "", descriptorsUsage)
	flags.DurationVar(&e.timeout, "timeout", 15*time.Second, "how long to wait for each token and its verdict")
	issuerCAFlag(cmd, &e.issuerCA)
	suggest(cmd, "client", ofFile(clientNames))
	suggest(cmd, "service", ofFile(serviceNames))
	format := outputFlag(cmd, "table", "markdown", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		report, err := e.examine(cmd, args[0])
		if err != nil {
			return err
		}
		if err := write(cmd, func(p *page) { report.write(p, format.word) }); err != nil {
			return err
		}
		return report.exit()
	}
	return cmd
}

// examine asks for everything, with the file at path.
func (e *examining) examine(cmd *cobra.Command, path string) (*report, error) {
	policy, _, err := load(cmd, path, e.descriptors)
	if err != nil {
		return nil, err
	}
	if err := e.narrow(policy.Matrix()); err != nil {
		return nil, err
	}
	clinic, err := newClinic(policy, e)
	if err != nil {
		return nil, err
	}
	defer clinic.close()
	return clinic.examine(cmd.Context()), nil
}

// narrow fills in the clients and services that are meant.
func (e *examining) narrow(m audience.Matrix) error {
	var errs []error
	for _, name := range e.clients {
		errs = append(errs, known("client", name, maps.Keys(m.Clients)))
	}
	for _, name := range e.services {
		errs = append(errs, known("service", name, slices.Values(serviceNames(m))))
	}
	if e.clients == nil {
		e.clients = clientNames(m)
	}
	if e.services == nil {
		e.services = serviceNames(m)
	}
	return errors.Join(errs...)
}
