package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/cli"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/keycloak"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/reach"
	"github.com/grpcaud/grpcaud/internal/regularfile"
)

const diffKeycloakHelp = `

With --keycloak and --realm, or --realm-file, it compares one access matrix with a
realm of Keycloak:

  grants     a client can get tokens, or scopes, that the matrix does not let it
             have; or all of its tokens name a service
  lacks      the matrix lets a client call a service, but it cannot get a token
             for it: the client, the client scope or its mapper is missing

also what clients would reach through other services by these tokens, if the
services checked only the audience;

and says how to fix it, in the admin console and by commands of kcadm.sh, which is in
the folder bin of Keycloak. The commands are for an admin who may change the realm,
logged in with kcadm.sh config credentials. Diff itself changes nothing: read the
commands before you run them, and then compare again. The admin that compares is a client
of the realm whose service account has the roles view-clients and view-realm of the
client realm-management: --admin-client, with its secret in --admin-secret-file. Or the
environment variable ` + adminToken + ` names a file with an access token.
A realm file is an export from the admin console, or from kc.sh export. The exit
status is also 2 if Keycloak cannot be asked.`

// adminToken is the environment variable that names a file with an access token
// for Keycloak's admin API.
const adminToken = "GRPCAUD_KEYCLOAK_TOKEN_FILE"

// realmOptions are the flags that say which realm to compare with.
type realmOptions struct {
	url, realm, file          string
	adminClient, adminSecrets string
	issuer, descriptors       string
	issuerCA                  string
	exchange                  []string
}

func (f *realmOptions) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.url, "keycloak", "", "compare with a running Keycloak: its own URL, below which the realms are")
	flags.StringVar(&f.realm, "realm", "", "the realm to compare with")
	flags.StringVar(&f.file, "realm-file", "", "compare with the export of a realm")
	flags.StringVar(&f.adminClient, "admin-client", "", "the client of the realm that may read it")
	flags.StringVar(&f.adminSecrets, "admin-secret-file", "", "the file with the secret of --admin-client")
	flags.StringVar(&f.issuer, "issuer", "", "the issuer in the file that is the realm (default: the only one with preset: keycloak)")
	flags.StringVar(&f.descriptors, "descriptors", "", "for a realm: "+descriptor.Usage)
	flags.StringSliceVar(&f.exchange, "exchange", nil, "clients that must be able to exchange tokens, in addition to services that call others")
	cli.IssuerCAFlag(cmd, &f.issuerCA)
	cmd.MarkFlagsRequiredTogether("keycloak", "realm")
	cmd.MarkFlagsRequiredTogether("admin-client", "admin-secret-file")
	cmd.MarkFlagsMutuallyExclusive("keycloak", "realm-file")
}

// set reports whether a realm is given.
func (f *realmOptions) set() bool { return f.url != "" || f.file != "" }

// args demands one file if a realm is given, and otherwise two.
func (f *realmOptions) args(cmd *cobra.Command, args []string) error {
	if f.set() {
		return cli.Arguments(1, 1)(cmd, args)
	}
	return cli.Arguments(2, 2)(cmd, args)
}

// diff compares the matrix at path with the realm.
func (f *realmOptions) diff(cmd *cobra.Command, path, format string) error {
	policy, _, err := files.Load(cmd, path, f.descriptors)
	if err != nil {
		return err
	}
	want, notes, err := keycloak.Export(policy, keycloak.Options{Issuer: f.issuer, Realm: f.realm, Exchange: f.exchange})
	if err != nil {
		return err
	}
	got, err := f.fetch(cmd.Context())
	if err != nil {
		return err
	}
	output.WriteNotes(cmd.ErrOrStderr(), "compared", notes)
	found := drift(keycloak.Compare(want, got))
	if len(found) > 0 && len(keycloak.Commands(found)) == 0 {
		fmt.Fprintln(cmd.ErrOrStderr(), "grpcaud: no commands for kcadm.sh: the file lacks the ids that Keycloak gives to clients and scopes")
	}
	ways := reach.Compare(policy, keycloak.ByTheRealm(policy, found))
	if err := output.Write(cmd.OutOrStdout(), func(p *output.Page) { found.write(p, ways, format) }); err != nil {
		return err
	}
	if len(found) > 0 {
		return output.No
	}
	return nil
}

// fetch returns the realm as it is now.
func (f *realmOptions) fetch(ctx context.Context) (keycloak.Realm, error) {
	const most = 64 << 20
	if f.file != "" {
		data, err := regularfile.Read(f.file, most)
		if err != nil {
			return keycloak.Realm{}, err
		}
		realm, err := keycloak.Parse(data)
		if err != nil {
			return keycloak.Realm{}, fmt.Errorf("%s: %w", f.file, err)
		}
		return realm, nil
	}
	transport, err := files.IssuerTransport(f.issuerCA)
	if err != nil {
		return keycloak.Realm{}, err
	}
	admin := keycloak.Admin{URL: f.url, Realm: f.realm, Client: f.adminClient, Transport: transport}
	path, into := f.adminSecrets, &admin.Secret
	if path == "" {
		path, into = os.Getenv(adminToken), &admin.Token
	}
	if path == "" {
		return keycloak.Realm{}, errors.New("no credentials for Keycloak: give --admin-client and --admin-secret-file, or a file with a token in " + adminToken)
	}
	secret, err := regularfile.Read(path, 64<<10)
	if err != nil {
		return keycloak.Realm{}, err
	}
	if *into = strings.TrimSpace(string(secret)); *into == "" {
		return keycloak.Realm{}, fmt.Errorf("%s: the file is empty", path)
	}
	return admin.Fetch(ctx)
}

// drift are the differences between a matrix and a realm.
type drift []keycloak.Finding

var driftColours = map[string]string{keycloak.Grants: output.Bad, keycloak.Lacks: output.Doubt}

// write writes the differences, and the ways that follow from them.
func (d drift) write(p *output.Page, ways []reach.Change, format string) {
	if format == "json" {
		p.JSON(map[string]any{"drift": append(drift{}, d...), "reach": ways})
		return
	}
	if len(d) == 0 {
		p.Printf("no difference\n")
		return
	}
	titles := []string{"drift", "client", "what", "fix"}
	var rows [][]string
	for _, x := range d {
		rows = append(rows, []string{x.Kind, output.Printable(x.Client), output.Printable(x.Text), output.Printable(x.Fix)})
	}
	commands := keycloak.Commands(d)
	if format == "markdown" {
		p.MarkdownTable(titles, rows)
		if len(commands) > 0 {
			p.Printf("\n~~~sh\n%s\n~~~\n", strings.Join(commands, "\n"))
		}
		writeWays(p, ways, format)
		return
	}
	for i, row := range rows {
		row[0] = p.Colour(driftColours[d[i].Kind], row[0])
	}
	p.Table("", append([][]string{p.Header("DRIFT", "CLIENT", "WHAT", "FIX")}, rows...))
	if len(commands) > 0 {
		p.Printf("\n# Nothing was changed. These commands change the realm:\n%s\n", strings.Join(commands, "\n"))
	}
	writeWays(p, ways, format)
}

// writeWays writes what clients can reach by the tokens that the realm gives.
func writeWays(p *output.Page, ways []reach.Change, format string) {
	if len(ways) > 0 {
		p.Printf("\nBy the realm alone, if services checked only the audience:\n")
		reach.WriteChanges(p, ways, format)
	}
}
