package prometheus

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// family are the series of one name.
type family struct {
	help, kind string
	samples    []string // lines
}

// write writes all metrics, sorted by their names. Two meters that have an instrument of
// one name give one family.
func write(to *bytes.Buffer, all metricdata.ResourceMetrics) {
	families := map[string]*family{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			kind := kindOf(m.Data)
			name := nameOf(m, kind)
			f := families[name]
			if f == nil {
				f = &family{help: m.Description, kind: kind}
				families[name] = f
			}
			f.add(name, m.Data)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(families)) {
		f := families[name]
		if len(f.samples) == 0 {
			continue
		}
		fmt.Fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", name, strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(f.help), name, f.kind)
		for _, line := range f.samples {
			to.WriteString(line)
		}
	}
}

// kindOf returns the type of a family.
func kindOf(data metricdata.Aggregation) string {
	switch d := data.(type) {
	case metricdata.Histogram[int64], metricdata.Histogram[float64]:
		return "histogram"
	case metricdata.Sum[int64]:
		return kindOfSum(d.IsMonotonic)
	case metricdata.Sum[float64]:
		return kindOfSum(d.IsMonotonic)
	}
	return "gauge"
}

func kindOfSum(monotonic bool) string {
	if monotonic {
		return "counter"
	}
	return "gauge"
}

// nameOf returns the name of a family, as OpenTelemetry says that Prometheus has it:
// without dots, with the unit, and counters with _total.
func nameOf(m metricdata.Metrics, kind string) string {
	name := plain(m.Name)
	if m.Unit == "s" {
		name += "_seconds"
	}
	if kind == "counter" {
		name += "_total"
	}
	return name
}

// plain returns a name in which other characters than letters, digits and _ are _.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '_'
	}, name)
}

// add adds the samples of an instrument.
func (f *family) add(name string, data metricdata.Aggregation) {
	switch d := data.(type) {
	case metricdata.Gauge[int64]:
		values(f, name, d.DataPoints)
	case metricdata.Gauge[float64]:
		values(f, name, d.DataPoints)
	case metricdata.Sum[int64]:
		values(f, name, d.DataPoints)
	case metricdata.Sum[float64]:
		values(f, name, d.DataPoints)
	case metricdata.Histogram[int64]:
		buckets(f, name, d.DataPoints)
	case metricdata.Histogram[float64]:
		buckets(f, name, d.DataPoints)
	}
}

func values[N int64 | float64](f *family, name string, points []metricdata.DataPoint[N]) {
	for _, p := range points {
		f.sample(name, p.Attributes, "", float64(p.Value))
	}
}

// buckets adds histograms: each bucket counts what is in the smaller ones too.
func buckets[N int64 | float64](f *family, name string, points []metricdata.HistogramDataPoint[N]) {
	for _, p := range points {
		sum := uint64(0)
		for i, count := range p.BucketCounts {
			sum += count
			bound := "+Inf"
			if i < len(p.Bounds) {
				bound = number(p.Bounds[i])
			}
			f.sample(name+"_bucket", p.Attributes, bound, float64(sum))
		}
		f.sample(name+"_sum", p.Attributes, "", float64(p.Sum))
		f.sample(name+"_count", p.Attributes, "", float64(p.Count))
	}
}

// sample adds one line; bound is the upper bound of a bucket, empty for no bucket.
func (f *family) sample(name string, labels attribute.Set, bound string, value float64) {
	var all []string
	for _, kv := range labels.ToSlice() {
		all = append(all, plain(string(kv.Key))+"="+quoted(kv.Value.String()))
	}
	if bound != "" {
		all = append(all, "le="+quoted(bound))
	}
	if len(all) > 0 {
		name += "{" + strings.Join(all, ",") + "}"
	}
	f.samples = append(f.samples, name+" "+number(value)+"\n")
}

// quoted returns the value of a label.
func quoted(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(strings.ToValidUTF8(value, "�")) + `"`
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
