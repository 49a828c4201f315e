package interceptor_test

import (
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/interceptor"
)

// TestServerOptionsRefused shows that a mistake in an option is an error of
// NewServer, and that all mistakes are told at once.
func TestServerOptionsRefused(t *testing.T) {
	mistakes := map[string]interceptor.ServerOption{
		"nil logger":               interceptor.Logger(nil),
		"nil meter provider":       interceptor.MeterProvider(nil),
		"one of 0 admitted calls":  interceptor.SampleAdmitted(0),
		"one of -1 admitted calls": interceptor.SampleAdmitted(-1),
		"a nil option":             nil,
		"a mesh without a name":    interceptor.AllowPlaintext(interceptor.Mesh("")),
	}
	var all []interceptor.ServerOption
	for want, opt := range mistakes {
		all = append(all, opt)
		if _, err := interceptor.NewServer(company(t), interceptor.Services("order-status"), opt); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("NewServer = %v, want an error that says %q", err, want)
		}
	}
	_, err := interceptor.NewServer(company(t), interceptor.Services("order-status"), all...)
	if err == nil || strings.Count(err.Error(), "interceptor: ") != len(mistakes) {
		t.Errorf("NewServer = %v, want all %d mistakes", err, len(mistakes))
	}
}
