package verifier

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/internal/clientcert"
	"github.com/grpcaud/grpcaud/internal/secretfile"
	"github.com/grpcaud/grpcaud/internal/webclient"
)

// request returns a request about a token, as the configuration says: with the
// client's secret in the Authorization header or in the form (RFC 6749, section
// 2.3.1), with the client's id on a connection that has its certificate (RFC 8705,
// section 2), or without authentication.
func (i *introspector) request(ctx context.Context, address, raw string) (*http.Request, error) {
	in := i.issuer.Introspection
	if i.certificate != nil && !strings.HasPrefix(address, "https://") {
		return nil, errors.New("the introspection endpoint is not https, and a client certificate is presented over https alone")
	}
	form := url.Values{"token": {raw}, "token_type_hint": {"access_token"}}
	secret, err := secretOf(in.Secret)
	if err != nil {
		return nil, err
	}
	posted := secret != "" && i.issuer.AuthStyle == "post"
	if posted {
		form.Set("client_secret", secret)
	}
	if posted || i.certificate != nil {
		form.Set("client_id", in.ClientID)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if secret != "" && !posted {
		request.SetBasicAuth(url.QueryEscape(in.ClientID), url.QueryEscape(secret))
	}
	return request, nil
}

// secretOf reads a secret. It is called for each request, so that the secret can be
// rotated while the process runs. The result is empty only if ref is.
func secretOf(ref access.SecretRef) (string, error) {
	switch {
	case ref == access.SecretRef{}:
		return "", nil
	case ref.File == "":
		if secret := os.Getenv(ref.Env); secret != "" {
			return secret, nil
		}
		return "", fmt.Errorf("client secret: environment variable %s is empty", ref.Env)
	}
	secret, err := secretfile.Read(ref.File)
	if err != nil {
		return "", fmt.Errorf("client secret: %w", err)
	}
	return secret, nil
}

// checkIntrospection refuses a configuration that neither authenticates the service
// nor says that it does not.
func checkIntrospection(in access.Introspection) error {
	ways := 0
	for _, used := range []bool{in.Secret != access.SecretRef{}, in.Certificate != access.CertificateRef{}, in.InsecureNoAuthentication} {
		if used {
			ways++
		}
	}
	switch {
	case ways != 1:
		return errors.New("introspection: want one of a secret, a certificate, and no authentication")
	case in.InsecureNoAuthentication && (in.URL == "" || in.ClientID != ""):
		return errors.New("introspection without authentication: want the address of the endpoint, and no client")
	case !in.InsecureNoAuthentication && in.ClientID == "":
		return errors.New("introspection without a client")
	}
	return nil
}

// connect sets the web that sends the requests: one with connections of its own if
// they present a certificate.
func (i *introspector) connect(w *web) error {
	cert := i.issuer.Introspection.Certificate
	if (cert == access.CertificateRef{}) {
		i.web = w.trustingFile(i.issuer.CAFile)
		return nil
	}
	base, ok := w.transport.(*http.Transport)
	if !ok {
		return fmt.Errorf("introspection with a certificate: transport is %T, want *http.Transport", w.transport)
	}
	i.certificate = clientcert.New(base, cert.File, cert.KeyFile)
	var transport webclient.Transport = i.certificate
	if i.issuer.CAFile != "" {
		transport = webclient.TrustFile(i.issuer.CAFile, base, func(trusting *http.Transport) webclient.Transport {
			return clientcert.New(trusting, cert.File, cert.KeyFile)
		})
	}
	i.web = &web{client: webclient.New(transport, fetchTimeout), own: true}
	return nil
}

// retire closes the connections that present a certificate. A request under way
// continues.
func (i *introspector) retire() {
	if i.certificate != nil {
		i.web.close()
	}
}
