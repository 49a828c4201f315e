package main

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	sdk "go.opentelemetry.io/otel/sdk/metric"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/prometheus"
)

// meters make the instruments of a command, which Prometheus reads at the address of the
// flag --metrics. Without an address nothing is counted.
type meters struct {
	metric.MeterProvider
	addr   string
	reader *sdk.ManualReader
}

func newMeters(cmd *cobra.Command, addr string) (*meters, error) {
	switch {
	case addr != "":
		reader := sdk.NewManualReader()
		return &meters{sdk.NewMeterProvider(sdk.WithReader(reader)), addr, reader}, nil
	case cmd.Flags().Changed("metrics"):
		return nil, errors.New("--metrics is empty: give it HOST:PORT, or leave it out")
	}
	return &meters{MeterProvider: noop.NewMeterProvider()}, nil
}

// serve answers Prometheus until stop is called. It returns the address; empty if there is
// none.
func (m *meters) serve() (addr string, stop func(), err error) {
	if m.addr == "" {
		return "", func() {}, nil
	}
	listener, err := net.Listen("tcp", m.addr)
	if err != nil {
		return "", nil, fmt.Errorf("--metrics: %w; want HOST:PORT", err)
	}
	server := &http.Server{
		Handler: prometheus.Handler(m.reader), ErrorLog: log.New(io.Discard, "", 0),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, MaxHeaderBytes: 16 << 10,
	}
	var done sync.WaitGroup
	done.Go(func() { _ = server.Serve(listener) }) // ends when it is closed
	return listener.Addr().String(), func() {
		server.Close()
		done.Wait()
	}, nil
}
