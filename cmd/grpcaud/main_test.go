package main_test

import (
	"testing"

	"github.com/grpcaud/grpcaud/internal/racedetector"
)

func TestMain(m *testing.M) { racedetector.Main(m) }
