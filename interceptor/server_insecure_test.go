package interceptor_test

import (
	"testing"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
)

// TestIgnoredExpiryIsReported shows that streams which outlive their tokens show in log
// and metrics, as every option that takes a protection off.
func TestIgnoredExpiryIsReported(t *testing.T) {
	written := &log{}
	counting, reader := meter(t)
	guarded(t, newIssuer(), access.Enforce, jsonLogger(written), counting, interceptor.InsecureIgnoreStreamExpiry())
	if got := lines(t, written); len(got) != 1 || got[0]["level"] != "WARN" || got[0]["option"] != "InsecureIgnoreStreamExpiry" {
		t.Errorf("lines %v, want the warning", got)
	}
	if counted(t, reader)["grpcaud.insecure option=InsecureIgnoreStreamExpiry"] != 1 {
		t.Errorf("counts %v, want the insecure option", counted(t, reader))
	}
}
