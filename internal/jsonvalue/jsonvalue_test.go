package jsonvalue_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/internal/jsonvalue"
)

func TestDate(t *testing.T) {
	for _, row := range []struct {
		value any
		want  time.Time // zero: no date
	}{
		{json.Number("1"), time.Unix(1, 0)},
		{json.Number("1700000000"), time.Unix(1_700_000_000, 0)},
		{json.Number("1.7e9"), time.Unix(1_700_000_000, 0)},
		{json.Number("1700000000.5"), time.Unix(1_700_000_000, 500_000_000)},
		{json.Number("9007199254740991"), time.Unix(1<<53-1, 0)},
		{json.Number("9007199254740992"), time.Time{}},
		{json.Number("1e300"), time.Time{}},
		{json.Number("1e999"), time.Time{}},
		{json.Number("0"), time.Time{}},
		{json.Number("-0"), time.Time{}},
		{json.Number("-1"), time.Time{}},
		{json.Number("NaN"), time.Time{}},
		{json.Number("Inf"), time.Time{}},
		{json.Number(""), time.Time{}},
		{"1700000000", time.Time{}},
		{1.7e9, time.Time{}}, // decoded without json.Decoder.UseNumber
		{nil, time.Time{}},
		{true, time.Time{}},
	} {
		if got, ok := jsonvalue.Date(row.value); !got.Equal(row.want) || ok == row.want.IsZero() {
			t.Errorf("Date(%#v) = %v, %v, want %v", row.value, got, ok, row.want)
		}
	}
}
