package interceptor

// CredentialsOption adjusts what [AsService], [OnBehalfOf] and [Forward] return.
type CredentialsOption interface{ applyCredentials(*perRPC) }

type credentialsOption func(*perRPC)

func (f credentialsOption) applyCredentials(c *perRPC) { f(c) }

// Scopes requests these scopes in addition to the audience. The default is none: the
// issuer then grants the client's default scopes.
func Scopes(scopes ...string) CredentialsOption {
	return credentialsOption(func(c *perRPC) { c.scopes = append(c.scopes, scopes...) })
}
