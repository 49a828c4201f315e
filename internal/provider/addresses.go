package provider

// Addresses says what the addresses of an issuer look like.
type Addresses struct {
	// Issuer is an example of the issuer's URL, which is the iss of its tokens.
	Issuer string

	// NoFinalSlash says that iss never ends in a slash.
	NoFinalSlash bool

	// IssuerPrefixes are what each issuer's URL begins with, one of them, where the
	// provider runs all issuers itself.
	IssuerPrefixes []string

	// KeysPath is where its keys are, below the issuer's URL; KeysURL is where they
	// are at every issuer. Both are empty if the metadata alone tells.
	KeysPath, KeysURL string

	// Hosts are the hosts, beside the issuer's own, that its metadata names.
	Hosts []string
}
