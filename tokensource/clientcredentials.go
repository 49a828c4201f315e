package tokensource

import (
	"context"

	"golang.org/x/oauth2/clientcredentials"
)

// The names of RFC 6749, section 2.3.1, in the registry of RFC 7591.
const (
	methodBasic = "client_secret_basic"
	methodPost  = "client_secret_post"
)

// ClientCredentials authenticates the client with its id and secret (RFC 6749,
// sections 2.3.1 and 4.4). Both are required: [New] refuses an empty one.
func ClientCredentials(id, secret string) ClientAuth {
	return &clientSecret{id: id, secret: &secret}
}

// ClientSecretFile is [ClientCredentials] with the secret in a file, without the
// newlines at its end. An empty file is an error.
func ClientSecretFile(id, path string) ClientAuth { return &clientSecret{id: id, path: path} }

type clientSecret struct {
	id     string
	secret *string // a pointer for the reason that Token has one; nil: in the file
	path   string
}

func (c *clientSecret) check() error {
	if c.secret != nil {
		return required("client id", c.id, "client secret", *c.secret)
	}
	return required("client id", c.id, "path of the client secret", c.path)
}

func (c *clientSecret) methods() []string { return []string{methodBasic, methodPost} }

func (c *clientSecret) authenticate(_ context.Context, config *clientcredentials.Config, _ string) (err error) {
	config.ClientID = c.id
	if c.secret != nil {
		config.ClientSecret = *c.secret
		return nil
	}
	config.ClientSecret, err = readFile("client secret", c.path)
	return err
}
