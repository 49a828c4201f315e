package webclient

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/grpcaud/grpcaud/internal/remedy"
)

// Fault returns why a request had no answer, as far as its error says.
func Fault(err error) remedy.Fault {
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return remedy.HostUnknown
	}
	if fault := certificateFault(err); fault != 0 {
		return fault
	}
	if record, ok := errors.AsType[tls.RecordHeaderError](err); ok && record.Conn != nil {
		return remedy.NotTLS
	}
	_, network := errors.AsType[*net.OpError](err)
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return remedy.TimedOut
	case network, errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return remedy.Unreachable
	}
	return 0
}

// certificateFault returns what is wrong with the certificate of a server.
func certificateFault(err error) remedy.Fault {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return remedy.CertificateUnknown
	}
	_, host := errors.AsType[x509.HostnameError](err)
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); host || ok && invalid.Reason == x509.Expired {
		return remedy.CertificateOther
	}
	return 0
}
