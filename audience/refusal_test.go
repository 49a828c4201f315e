package audience_test

import (
	"errors"
	"testing"

	"github.com/grpcaud/grpcaud/audience"
)

func TestRefusalUnwraps(t *testing.T) {
	beneath := errors.New("beneath")
	err := error(&audience.Refusal{Cause: audience.CauseKeysUnavailable, Err: beneath})
	if !errors.Is(err, audience.CauseKeysUnavailable) || !errors.Is(err, beneath) {
		t.Errorf("%v hides its cause or what lies beneath", err)
	}
}
