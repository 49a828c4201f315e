package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/cli"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/keycloak"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// keycloakFlags are the flags for Keycloak.
type keycloakFlags struct {
	issuer, realm                string
	exchange                     []string
	logins, logouts, afterLogout []string
}

func (k *keycloakFlags) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&k.issuer, "issuer", "", "for keycloak: the issuer in the file that is the realm (default: the only one with preset: keycloak)")
	flags.StringVar(&k.realm, "realm", "", "for keycloak: the realm's name (default: the one in the issuer's URL)")
	flags.StringSliceVar(&k.exchange, "exchange", nil, "for keycloak: clients that may exchange tokens, in addition to services that call others")
	flags.StringArrayVar(&k.logins, "login", nil, "for keycloak: a client at which users log in, as CLIENT=REDIRECT-URI; its logins must use PKCE, with S256")
	flags.StringArrayVar(&k.logouts, "logout", nil, "for keycloak: where a client with --login is told of the end of a session, as CLIENT=URL (OpenID Connect back-channel logout)")
	flags.StringArrayVar(&k.afterLogout, "after-logout", nil, "for keycloak: where a client with --login may send a browser after a logout, as CLIENT=URI")
	cli.Complete(cmd, "exchange", cli.FromMatrix(files.ClientNames))
	cli.Complete(cmd, "issuer", cli.FromMatrix(files.IssuerNames))
}

func (k *keycloakFlags) options() (keycloak.Options, error) {
	o := keycloak.Options{Issuer: k.issuer, Realm: k.realm, Exchange: k.exchange}
	var err [3]error
	o.Logins, err[0] = pairs("login", k.logins)
	o.Logouts, err[1] = pairs("logout", k.logouts)
	o.AfterLogout, err[2] = pairs("after-logout", k.afterLogout)
	return o, errors.Join(err[:]...)
}

// export writes the realm for the policy.
func (k *keycloakFlags) export(cmd *cobra.Command, policy *access.Policy) ([]string, error) {
	o, err := k.options()
	if err != nil {
		return nil, err
	}
	realm, notes, err := keycloak.Export(policy, o)
	if err != nil {
		return nil, err
	}
	return notes, output.Write(cmd.OutOrStdout(), func(p *output.Page) { p.JSON(realm) })
}

// pairs reads the values of a flag, each as NAME=VALUE.
func pairs(flag string, values []string) (map[string][]string, error) {
	all := map[string][]string{}
	for _, v := range values {
		name, value, ok := strings.Cut(v, "=")
		if !ok || name == "" || value == "" {
			return nil, fmt.Errorf("--%s: got %q, want NAME=VALUE", flag, v)
		}
		all[name] = append(all[name], value)
	}
	return all, nil
}
