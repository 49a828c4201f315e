package interceptor

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc/metadata"
)

// strip are the names of incoming metadata that no handler sees; those that end
// in * stand for all that begin so.
type strip []string

// stripped is the token, and what proxies and frameworks tell their backends of
// who calls: whatever it says here, the peer wrote it.
var stripped = strip{
	authorization, "authorization-bin", "proxy-authorization",
	"grpcgateway-authorization", "grpcgateway-proxy-authorization", "grpcgateway-cookie",
	"x-user", "x-user-*", "x-auth-*",
	"x-forwarded-user", "x-forwarded-email", "x-forwarded-groups", "x-forwarded-client-cert",
	"grpcaud-*",
}

// check refuses patterns that could match no name, or would match all.
func (s strip) check() error {
	for _, pattern := range s {
		name := strings.TrimSuffix(pattern, "*")
		if name == "" || strings.Trim(name, "0123456789abcdefghijklmnopqrstuvwxyz-_.") != "" {
			return fmt.Errorf("interceptor: strip metadata %q, want a name in lower case, or the beginning of one and *", pattern)
		}
	}
	return nil
}

// from returns metadata without what s names; anything else as it is.
func (s strip) from(incoming any) any {
	md, ok := incoming.(metadata.MD)
	if !ok {
		return incoming
	}
	left := make(metadata.MD, len(md))
	for key, values := range md {
		if !s.names(strings.ToLower(key)) {
			left[key] = values
		}
	}
	return left
}

func (s strip) names(key string) bool {
	return slices.ContainsFunc(s, func(pattern string) bool {
		beginning, open := strings.CutSuffix(pattern, "*")
		return key == pattern || open && strings.HasPrefix(key, beginning)
	})
}
