package cli

import "github.com/spf13/cobra"

// IssuerCAFlag gives cmd the flag --issuer-ca.
func IssuerCAFlag(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVar(path, "issuer-ca", "", "a file with certificates, in PEM, to trust beside the system's where issuers are asked")
}
