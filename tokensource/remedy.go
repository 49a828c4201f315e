package tokensource

import (
	"encoding/json"
	"errors"
	"strings"

	"golang.org/x/oauth2"

	"github.com/grpcaud/grpcaud/internal/metadata"
	"github.com/grpcaud/grpcaud/internal/provider"
	"github.com/grpcaud/grpcaud/internal/remedy"
	"github.com/grpcaud/grpcaud/internal/webclient"
	"github.com/grpcaud/grpcaud/tokensource/internal/authmethod"
)

// known returns what is known of a client and its issuer, for a remedy.
func (s *authorizationServer) known(audience, client string) remedy.Situation {
	origin := s.options.origin
	return remedy.Situation{
		Names:      provider.Names{Audience: audience, Client: client, Issuer: s.issuer, Place: origin.Issuer},
		Preset:     s.provider.Preset,
		Credential: remedy.Credential{Kind: origin.Kind, Place: origin.Place},
	}
}

// situation describes a request for a token that ended in err, an error of x/oauth2.
func (s *authorizationServer) situation(r Request, g Grant, sent *authmethod.Request, err error) remedy.Situation {
	about := s.known(r.Audience, sent.Config.ClientID)
	about.Endpoint, about.Exchange = remedy.TokenEndpoint, g != 0
	about.Requested = strings.Fields(sent.Config.EndpointParams.Get("scope"))
	about.Fault = webclient.Fault(err)
	if kind, ok := errors.AsType[*contentTypeError](err); ok {
		about.Status, about.Body = kind.status, remedy.BodyOf(kind.contentType, nil)
	}
	if refusal, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		header := refusal.Response.Header
		about.Status, about.Leads = refusal.Response.StatusCode, webclient.RedirectHost(header)
		about.Body = remedy.BodyOf(header.Get("Content-Type"), refusal.Body)
		about.Code, about.Description = refusal.ErrorCode, refusal.ErrorDescription
	}
	return about
}

// withRemedy adds the remedy to an error, if there is one.
func (s *authorizationServer) withRemedy(err error, about remedy.Situation) error {
	if refusal, ok := errors.AsType[*TokenError](err); ok {
		refusal.Hint, refusal.SubjectEnded = about.Remedy(), about.SubjectEnded()
		return err
	}
	return remedy.With(err, about.Remedy())
}

// withDiscoveryRemedy is withRemedy for an error of package metadata.
func (s *authorizationServer) withDiscoveryRemedy(err, cause error) error {
	about := s.known("", "")
	about.Endpoint, about.Fault = remedy.Metadata, webclient.Fault(cause)
	if answer, ok := errors.AsType[*metadata.StatusError](cause); ok {
		about.Status, about.Leads = answer.Code, webclient.RedirectHost(answer.Header)
		about.Body = remedy.BodyOf(answer.Header.Get("Content-Type"), nil)
	}
	if other, ok := errors.AsType[*metadata.IssuerError](cause); ok {
		about.Fault, about.Other = remedy.OtherIssuer, other.Got
	}
	return s.withRemedy(err, about)
}

// message returns the error text in a JSON body that is not an answer of RFC 6749; empty
// if it has none.
func message(body []byte) string {
	var members map[string]any
	if json.Unmarshal(body, &members) != nil {
		return ""
	}
	inner, _ := members["error"].(map[string]any)
	for _, of := range []map[string]any{members, inner} {
		for _, name := range []string{"message", "errorSummary", "error_message", "detail", "title"} {
			if text, ok := of[name].(string); ok && text != "" {
				return text
			}
		}
	}
	return ""
}
