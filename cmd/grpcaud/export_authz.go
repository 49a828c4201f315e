package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience/access"
)

// authzFlags are the flags for proxies that ask the command authz.
type authzFlags struct {
	at        string
	maxStream time.Duration
}

func (a *authzFlags) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&a.at, "authz", "", `let "grpcaud authz" decide: for envoy its address, HOST:PORT or unix:PATH; for istio the name of the extension provider, or NAME=HOST:PORT`)
	flags.DurationVar(&a.maxStream, "max-stream", 15*time.Minute, "with --authz: how long a call may last, since it is judged only when it opens")
}

// check refuses flags that contradict each other.
func (a *authzFlags) check(cmd *cobra.Command, target string) error {
	changed := cmd.Flags().Changed
	switch {
	case !changed("authz") && changed("max-stream"):
		return errors.New("--max-stream is for --authz: without it, give the routes a limit of your own")
	case !changed("authz"):
		return nil
	case a.at == "":
		return errors.New("--authz: got nothing, want where the authorization service is")
	case target == "keycloak":
		return errors.New("--authz is for envoy and istio")
	case a.maxStream < time.Second:
		return fmt.Errorf("--max-stream: got %v, want a second or more", a.maxStream)
	}
	for _, flag := range []string{"jwks-file", "forward"} {
		if changed(flag) {
			return fmt.Errorf(`--%s with --authz: "grpcaud authz" reads the keys and removes the token: give it the flag`, flag)
		}
	}
	return nil
}

// exportAuthz writes the wiring of a proxy with the command authz.
func (e *exportOptions) exportAuthz(cmd *cobra.Command, policy *access.Policy) error {
	services, err := serviceNames(policy, e.mesh.services)
	if err != nil {
		return err
	}
	if e.target.Value == "istio" {
		return e.istio.exportAuthz(cmd, services, e.authz)
	}
	return e.envoy.exportAuthz(cmd, policy, services, e.authz)
}
