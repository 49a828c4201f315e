package tokensource

import (
	"errors"

	"golang.org/x/oauth2/clientcredentials"
)

// ClientAuth is how a client proves to the issuer who it is. It is sealed: values
// come from [ClientCredentials]. They are safe for concurrent use.
type ClientAuth interface {
	check() error
	// authenticate puts the proof into one request.
	authenticate(*clientcredentials.Config)
}

// ClientCredentials authenticates the client with its id and secret (RFC 6749,
// sections 2.3.1 and 4.4). Both are required: [New] refuses an empty one.
func ClientCredentials(id, secret string) ClientAuth {
	return &clientSecret{id: id, secret: &secret}
}

type clientSecret struct {
	id     string
	secret *string // a pointer for the reason that Token has one
}

func (c *clientSecret) check() error {
	switch {
	case c.id == "":
		return errors.New("tokensource: empty client id")
	case *c.secret == "":
		return errors.New("tokensource: empty client secret")
	}
	return nil
}

func (c *clientSecret) authenticate(config *clientcredentials.Config) {
	config.ClientID, config.ClientSecret = c.id, *c.secret
}
