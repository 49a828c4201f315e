package main

import (
	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/cli"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/explain"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/internal/regularfile"
)

// keyFlags are the flags that say where the keys of issuers come from.
type keyFlags struct {
	jwksFile string
	issuerCA string
	offline  bool
}

// add adds the flags --jwks, --offline and --issuer-ca to cmd.
func (k *keyFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&k.jwksFile, "jwks", "", "the file with the keys of the token's issuer, as a JWK set")
	cmd.Flags().BoolVar(&k.offline, "offline", false, "do not ask the issuer")
	cli.IssuerCAFlag(cmd, &k.issuerCA)
	cmd.MarkFlagsMutuallyExclusive("offline", "issuer-ca")
}

// keys reads the files that the flags name.
func (k keyFlags) keys() (keys explain.Keys, err error) {
	keys.Offline = k.offline
	if keys.Transport, err = files.IssuerTransport(k.issuerCA); err != nil {
		return keys, err
	}
	if k.jwksFile != "" {
		keys.JWKS, err = regularfile.Read(k.jwksFile, 1<<20)
	}
	return keys, err
}
