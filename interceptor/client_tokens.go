package interceptor

import "github.com/grpcaud/grpcaud/tokensource"

// Tokens returns the source of the client's own tokens for a service of the matrix,
// and the request that gets them, for calls that do not go over gRPC:
//
//	tokens, request, err := as.Tokens("parcels")
//	api := &http.Client{Transport: tokensource.NewTransport(tokens, request, nil, "api.parcels.example")}
//
// The caller must see to it that these tokens are sent only to the authorities of the
// service. They belong to the policy in force: after [Client.Swap], call Tokens again.
// A service that is not in the matrix, or that the client may not call, is an error.
func (c *Client) Tokens(service string) (tokensource.Source, tokensource.Request, error) {
	_, creds, err := c.plan.Load().credentials(asService, service)
	if err != nil {
		return nil, tokensource.Request{}, err
	}
	return creds.source, creds.request, nil
}
