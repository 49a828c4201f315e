package interceptor

import "github.com/grpcaud/grpcaud/tokensource"

// Tokens returns where the client's own tokens for a service of the matrix are
// from, and the request that gets them, for calls that do not go over gRPC:
//
//	tokens, request, err := as.Tokens("parcels")
//	api := &http.Client{Transport: tokensource.NewTransport(tokens, request, nil, "api.parcels.example")}
//
// Nothing holds these tokens to the authorities of the service; that is for
// whoever presents them. They are of the policy in force: after [Client.Swap],
// ask again. The error is one of the name, as with [Client.Service].
func (c *Client) Tokens(service string) (tokensource.Source, tokensource.Request, error) {
	_, creds, err := c.plan.Load().credentials(asService, service)
	if err != nil {
		return nil, tokensource.Request{}, err
	}
	return creds.tokens, creds.request, nil
}
