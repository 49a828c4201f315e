package cli

import "github.com/spf13/cobra"

// IssuerCAFlag adds the flag --issuer-ca to cmd.
func IssuerCAFlag(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVar(path, "issuer-ca", "", "a file with certificates, in PEM, to trust for issuers in addition to the system's")
}
